import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { ApiClient } from '../../src/api/client.ts';
import { createHaproxy } from '../../src/haproxy/driver.ts';
import { processesOf } from '../../src/haproxy/processes.ts';
import { systemClock } from '../../src/system/clock.ts';
import { freePorts } from '../../test/support/free-ports.ts';
import { type Scope, until } from './bench.ts';
import type { MeterReading, MeterRequest } from './meter.ts';
import { PORT_VARIABLE } from './simulated-provider.ts';

const DROVER = join(import.meta.dirname, '..', '..', 'bin', 'drover');
const PROVIDER = join(import.meta.dirname, '..', 'processes', 'with-simulated-provider.ts');
const START_TIMEOUT_MS = 60_000;
const POLL_MS = 250;
const STOP_TIMEOUT_MS = 30_000;

export interface SimulatedSize {
  /** In service, or in the making, once the fleet has settled. */
  readonly targets: number;
  readonly groups: number;
  /** `often`: as the documentation's examples have it. `seldom`: ten thousand checks take no CPU worth mentioning. */
  readonly checks: 'often' | 'seldom';
}

const CHECKS = {
  often: 'interval: 10s, fastInterval: 1s, downInterval: 1s, timeout: 900ms, healthyThreshold: 2',
  seldom: 'interval: 60s, fastInterval: 2s, downInterval: 2s, timeout: 1900ms, healthyThreshold: 1',
};

/** The real controller and a real HAProxy, over as many simulated machines as wanted. */
export class SimulatedFleet {
  readonly client: ApiClient;
  readonly dataDir: string;
  readonly #controller: ChildProcess;
  readonly #groups: readonly string[];
  #complaint = '';

  private constructor(controller: ChildProcess, client: ApiClient, dataDir: string, groups: readonly string[]) {
    this.#controller = controller;
    this.client = client;
    this.dataDir = dataDir;
    this.#groups = groups;
    controller.stderr?.setEncoding('utf8').on('data', (text) => {
      this.#complaint += text;
    });
  }

  /** The controller's. */
  get pid(): number {
    return this.#controller.pid ?? 0;
  }

  get haproxyDir(): string {
    return join(this.dataDir, 'haproxy', 'web');
  }

  /** HAProxy's master and worker. */
  haproxyPids(): Promise<readonly number[]> {
    return processesOf(join(this.haproxyDir, 'haproxy.cfg'));
  }

  /** Resolves when all of them are in service. */
  static async start(targets: number, scope: Scope): Promise<SimulatedFleet> {
    const fleet = await SimulatedFleet.startEmpty({ targets, groups: 1, checks: 'often' }, scope);
    await fleet.resize(targets);
    await fleet.settle(targets, START_TIMEOUT_MS);
    return fleet;
  }

  /** Resolves when the controller answers; nothing is launched yet. */
  static async startEmpty(size: SimulatedSize, scope: Scope): Promise<SimulatedFleet> {
    const folder = await mkdtemp(join(tmpdir(), 'drover-bench-'));
    scope.atEnd(() => rm(folder, { recursive: true, force: true }));
    const groups = Array.from({ length: size.groups }, (_, index) => `many-${index}`);
    const [targetPort = 0, ...listenerPorts] = await freePorts(1 + groups.length);
    await startTargets(targetPort, scope);
    const fleetFile = join(folder, 'fleet.yaml');
    await writeFile(fleetFile, fleetText(size, groups, listenerPorts));
    const dataDir = join(folder, 'data');
    const haproxyDir = join(dataDir, 'haproxy', 'web');
    await mkdir(haproxyDir, { recursive: true });
    scope.atEnd(async () => {
      const haproxy = createHaproxy({ dataDir: haproxyDir, clock: systemClock });
      await haproxy.stop(AbortSignal.timeout(STOP_TIMEOUT_MS));
      await haproxy.close();
    });
    const nodeOptions = [`--import=${PROVIDER}`, process.env.NODE_OPTIONS ?? ''].join(' ');
    const controller = spawn(DROVER, ['--data', dataDir, 'run', '--plain', fleetFile], {
      env: { ...process.env, NODE_OPTIONS: nodeOptions, [PORT_VARIABLE]: String(targetPort) },
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    const fleet = new SimulatedFleet(controller, new ApiClient(dataDir), dataDir, groups);
    scope.atEnd(() => fleet.#end());
    await until('the controller answers', START_TIMEOUT_MS, async () => {
      fleet.#checkAlive();
      return fleet.client.status().catch(() => null);
    });
    return fleet;
  }

  /** Each of the groups gets its part. */
  async resize(targets: number): Promise<void> {
    const each = targets / this.#groups.length;
    await Promise.all(this.#groups.map((group) => this.client.setDesiredCapacity(group, each)));
  }

  /** Resolves when so many are in service and no other is on its way. Reads the store: a status of thousands is not free. */
  async settle(targets: number, patienceMs: number): Promise<void> {
    using database = new DatabaseSync(join(this.dataDir, 'drover.db'), { readOnly: true });
    const count = database.prepare(
      `select count(*) as total, coalesce(sum(state = 'inService'), 0) as serving from instances where state <> 'terminated'`,
    );
    const settled = async () => {
      this.#checkAlive();
      const row = count.get();
      return row?.total === targets && row.serving === targets;
    };
    await until(`${targets} targets are in service and no other is left`, patienceMs, settled, POLL_MS);
  }

  /** From here on is measured. */
  begin(watchesBlocks = true): void {
    this.#ask({ kind: 'begin', watchesBlocks });
  }

  async read(): Promise<MeterReading> {
    const answer = once(this.#controller, 'message');
    this.#ask({ kind: 'read' });
    const [reading] = await answer;
    return reading as MeterReading;
  }

  stopMachines(share: number): void {
    this.#ask({ kind: 'stopMachines', share });
  }

  #ask(request: MeterRequest): void {
    this.#controller.send(request);
  }

  #checkAlive(): void {
    if (this.#controller.exitCode !== null) throw new Error(`the controller has ended: ${this.#complaint}`);
  }

  async #end(): Promise<void> {
    await this.client.close();
    if (this.#controller.exitCode !== null || this.#controller.signalCode !== null) return;
    this.#controller.kill('SIGTERM');
    await once(this.#controller, 'exit');
  }
}

async function startTargets(port: number, scope: Scope): Promise<void> {
  const targets = fork(join(import.meta.dirname, '..', 'processes', 'many-targets.ts'), [String(port)]);
  scope.atEnd(async () => targets.kill('SIGKILL'));
  await once(targets, 'message');
}

function fleetText(
  { targets, checks }: SimulatedSize,
  groups: readonly string[],
  listenerPorts: readonly number[],
): string {
  const listeners = groups.map((name, index) => `{ port: ${listenerPorts[index]}, targetGroup: ${name} }`).join(', ');
  const each = (section: (name: string) => string) => groups.map(section).join('\n');
  return `fleet: bench-${listenerPorts[0]}
loadBalancers:
  web:
    listeners: [${listeners}]
targetGroups:
${each((name) => `  ${name}: { algorithm: leastConnections, healthCheck: { path: /health, ${CHECKS[checks]}, unhealthyThreshold: 3 } }`)}
autoScalingGroups:
${each(
  (name) => `  ${name}:
    targetGroups: [${name}]
    minSize: 0
    maxSize: ${targets / groups.length}
    desiredCapacity: 0
    launchTemplate: { provider: simulated }`,
)}
`;
}
