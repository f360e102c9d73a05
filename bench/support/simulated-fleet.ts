import { fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ApiClient } from '../../src/api/client.ts';
import { createHaproxy } from '../../src/haproxy/driver.ts';
import { processesOf } from '../../src/haproxy/processes.ts';
import { systemClock } from '../../src/system/clock.ts';
import { freePorts } from '../../test/support/free-ports.ts';
import { type Scope, until } from './bench.ts';
import { PORT_VARIABLE } from './simulated-provider.ts';

const MAIN = join(import.meta.dirname, '..', '..', 'src', 'main.ts');
const PROVIDER = join(import.meta.dirname, '..', 'processes', 'with-simulated-provider.ts');
const START_TIMEOUT_MS = 60_000;
const POLL_MS = 500;
const STOP_TIMEOUT_MS = 10_000;

/** The real controller and a real HAProxy, over as many simulated machines as wanted. */
export class SimulatedFleet {
  readonly pid: number;
  readonly #haproxyDir: string;

  private constructor(pid: number, haproxyDir: string) {
    this.pid = pid;
    this.#haproxyDir = haproxyDir;
  }

  get socketPath(): string {
    return join(this.#haproxyDir, 'runtime.sock');
  }

  /** HAProxy's master and worker. */
  haproxyPids(): Promise<readonly number[]> {
    return processesOf(join(this.#haproxyDir, 'haproxy.cfg'));
  }

  /** Resolves when all of them are in service. */
  static async start(size: number, scope: Scope): Promise<SimulatedFleet> {
    const folder = await mkdtemp(join(tmpdir(), 'drover-bench-'));
    scope.atEnd(() => rm(folder, { recursive: true, force: true }));
    const [listenerPort = 0, targetPort = 0] = await freePorts(2);
    await startTargets(size, targetPort, scope);
    const fleetFile = join(folder, 'fleet.yaml');
    await writeFile(fleetFile, fleetText(size, listenerPort));
    const dataDir = join(folder, 'data');
    const haproxyDir = join(dataDir, 'haproxy', 'web');
    await mkdir(haproxyDir, { recursive: true });
    scope.atEnd(async () => {
      const haproxy = createHaproxy({ dataDir: haproxyDir, clock: systemClock });
      await haproxy.stop(AbortSignal.timeout(STOP_TIMEOUT_MS));
      await haproxy.close();
    });
    const args = ['--import', PROVIDER, MAIN, '--data', dataDir, 'run', '--plain', fleetFile];
    const controller = spawn(process.execPath, args, {
      env: { ...process.env, [PORT_VARIABLE]: String(targetPort) },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let complaint = '';
    controller.stderr.setEncoding('utf8').on('data', (text) => {
      complaint += text;
    });
    const client = new ApiClient(dataDir);
    scope.atEnd(async () => {
      await client.close();
      if (controller.exitCode !== null || controller.signalCode !== null) return;
      controller.kill('SIGTERM');
      await once(controller, 'exit');
    });
    await until(
      `${size} targets are in service`,
      START_TIMEOUT_MS,
      async () => {
        if (controller.exitCode !== null) throw new Error(`the controller has ended: ${complaint}`);
        const status = await client.status().catch(() => null);
        return status?.groups[0]?.inService === size;
      },
      POLL_MS,
    );
    return new SimulatedFleet(controller.pid ?? 0, haproxyDir);
  }
}

async function startTargets(count: number, port: number, scope: Scope): Promise<void> {
  const targets = fork(join(import.meta.dirname, '..', 'processes', 'many-targets.ts'), [String(count), String(port)]);
  scope.atEnd(async () => targets.kill('SIGKILL'));
  await once(targets, 'message');
}

function fleetText(size: number, port: number): string {
  return `fleet: cost-${port}
loadBalancers:
  web:
    listeners: [{ port: ${port}, targetGroup: many }]
targetGroups:
  many:
    healthCheck: { path: /health, interval: 10s, fastInterval: 1s, downInterval: 1s, timeout: 900ms, healthyThreshold: 2, unhealthyThreshold: 3 }
autoScalingGroups:
  many:
    targetGroups: [many]
    minSize: 0
    maxSize: ${size}
    desiredCapacity: ${size}
    launchTemplate: { provider: simulated }
`;
}
