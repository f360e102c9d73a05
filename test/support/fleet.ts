import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { ApiClient } from '../../src/api/client.ts';
import type { StoredActivity } from '../../src/model/activity.ts';
import type { FleetStatus, InstanceStatus } from '../../src/views/status.ts';
import { freePorts } from './free-ports.ts';
import { processesWith } from './processes.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const MAIN = join(ROOT, 'src', 'main.ts');
const HELLO = join(ROOT, 'examples', 'hello', 'server.js');
const POLL_EVERY_MS = 25;
const PATIENCE_MS = 30_000;

/** What a test may ask of its fleet file. */
export interface FleetWishes {
  readonly minSize?: number;
  readonly maxSize?: number;
  readonly desiredCapacity?: number;
  readonly command?: readonly string[];
  /** Another line of the group. */
  readonly group?: string;
  readonly deregistrationDelay?: string;
  readonly healthCheckGracePeriod?: string;
  /** Nobody names the file to the controller: the API owns the fleet. */
  readonly ownedByApi?: true;
  /** Where the dashboard and the API are over TCP, on loopback. */
  readonly listenPort?: number;
  /** Of the controller and all that it starts, beside this process's own. */
  readonly environment?: Readonly<Record<string, string>>;
}

const QUICK_CHECKS = 'interval: 1s, fastInterval: 100ms, downInterval: 100ms, timeout: 500ms';

/** Where servers come from, in the words of the fleet file. */
interface Origin {
  readonly provider: object;
  readonly template: object;
  readonly port: number;
  readonly slowChecks?: boolean;
}

/** A real fleet in a folder of its own: the controller as a process, HAProxy, and servers. `end` leaves nothing of it. */
export class RealFleet {
  readonly folder: string;
  readonly port: number;
  readonly statsPort: number;
  readonly client: ApiClient;
  readonly #environment: NodeJS.ProcessEnv;
  readonly #ownedByApi: boolean;
  readonly #listenPort: number | null;
  #controller: ChildProcess | null = null;
  #output = '';

  private constructor(folder: string, port: number, statsPort: number, wishes: FleetWishes) {
    this.#environment = { ...process.env, NO_COLOR: '1', ...wishes.environment };
    this.#ownedByApi = wishes.ownedByApi === true;
    this.#listenPort = wishes.listenPort ?? null;
    this.folder = folder;
    this.port = port;
    this.statsPort = statsPort;
    this.client = new ApiClient(this.dataDir);
  }

  static async create(wishes: FleetWishes = {}): Promise<RealFleet> {
    const folder = await mkdtemp(join(tmpdir(), 'drover-e2e-'));
    const [port, statsPort] = await freePorts(2);
    const fleet = new RealFleet(folder, port as number, statsPort as number, wishes);
    await fleet.describe(wishes);
    return fleet;
  }

  get dataDir(): string {
    return join(this.folder, 'data');
  }

  get fleetFile(): string {
    return join(this.folder, 'fleet.yaml');
  }

  /** The program that the servers run unless the test names another. */
  get helloServer(): string {
    return HELLO;
  }

  get desiredFile(): string {
    return join(this.folder, 'desired');
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** What the controller has printed, for a failed test's message. */
  get output(): string {
    return this.#output;
  }

  /** Writes the fleet file. */
  async describe(wishes: FleetWishes): Promise<void> {
    const { minSize = 1, maxSize = 10, desiredCapacity = 3, command = [process.execPath, HELLO] } = wishes;
    await writeFile(
      this.fleetFile,
      `fleet: e2e-${this.port}
loadBalancers:
  web:
    listeners: [{ port: ${this.port}, targetGroup: hello }]
    statsPage: { port: ${this.statsPort} }
targetGroups:
  hello:
    healthCheck: { path: /health, ${QUICK_CHECKS}, healthyThreshold: 2, unhealthyThreshold: 3 }
    deregistrationDelay: ${wishes.deregistrationDelay ?? '20s'}
autoScalingGroups:
  hello:
    targetGroups: [hello]
    minSize: ${minSize}
    maxSize: ${maxSize}
    desiredCapacity: ${desiredCapacity}
    desiredCapacityFile: desired
    healthCheckGracePeriod: ${wishes.healthCheckGracePeriod ?? '10s'}
    ${wishes.group ?? ''}
    launchTemplate: { provider: process, command: ${JSON.stringify(command)}, stopTimeout: 2s }
`,
    );
  }

  /** Changes the fleet file; nobody is told. */
  async edit(change: (text: string) => string): Promise<void> {
    await writeFile(this.fleetFile, change(await readFile(this.fleetFile, 'utf8')));
  }

  /**
   * Lets its servers come from a provider of their own.
   * @param port where each of them listens
   * @param slowChecks for machines that are as slow as the host is busy
   */
  async comeFrom({ provider, template, port, slowChecks = false }: Origin): Promise<void> {
    const launchTemplate = JSON.stringify({ provider: 'origin', ...template });
    await this.edit((text) =>
      (slowChecks ? text.replace(QUICK_CHECKS, 'interval: 2s, timeout: 2s') : text)
        .replace('loadBalancers:', `providers:\n  origin: ${JSON.stringify(provider)}\nloadBalancers:`)
        .replace('    deregistrationDelay', `    port: ${port}\n    deregistrationDelay`)
        .replace(/launchTemplate: .*/, `launchTemplate: ${launchTemplate}`),
    );
  }

  /** Starts a controller and waits until it answers. */
  async start(): Promise<void> {
    const child = this.spawnController();
    await this.until('the controller answers', async () => {
      if (hasEnded(child)) throw new Error(`the controller has ended:\n${this.#output}`);
      return this.client.status().then(
        () => true,
        () => false,
      );
    });
  }

  /** Starts a controller. It may be killed before it answers. */
  spawnController(): ChildProcess {
    const file = this.#ownedByApi ? [] : [this.fleetFile];
    const listen = this.#listenPort === null ? [] : ['--listen', `127.0.0.1:${this.#listenPort}`];
    const child = spawn(process.execPath, [MAIN, '--data', this.dataDir, 'run', '--plain', ...listen, ...file], {
      // Where there is no fleet.yaml.
      cwd: tmpdir(),
      stdio: ['ignore', 'pipe', 'pipe'],
      env: this.#environment,
    });
    this.#controller = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text) => {
        this.#output = (this.#output + text).slice(-50_000);
      });
    }
    return child;
  }

  /** SIGKILL, in the middle of whatever it does. */
  async killController(): Promise<void> {
    await this.#endController('SIGKILL');
  }

  /** SIGTERM: it lets go in order. */
  async stopController(): Promise<void> {
    await this.#endController('SIGTERM');
  }

  async #endController(signal: NodeJS.Signals): Promise<void> {
    const child = this.#controller;
    this.#controller = null;
    if (child === null || hasEnded(child)) return;
    child.kill(signal);
    await once(child, 'exit');
  }

  /** Ends everything that the fleet owns, by its own command, and removes its folder. */
  async end(): Promise<void> {
    await this.stopController();
    await this.client.close();
    const { code, said } = await this.drover('down', '--yes', this.fleetFile);
    if (code !== 0) throw new Error(`drover down ended with ${code}:\n${said}\nbefore it:\n${this.#output}`);
    await rm(this.folder, { recursive: true, force: true });
  }

  /** One command of the command line. */
  async drover(...words: readonly string[]): Promise<{ readonly code: number | null; readonly said: string }> {
    const child = spawn(process.execPath, [MAIN, '--data', this.dataDir, ...words], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: this.#environment,
    });
    const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
    return { code, said: out + err };
  }

  status(): Promise<FleetStatus> {
    return this.client.status();
  }

  async instances(): Promise<readonly InstanceStatus[]> {
    const { groups } = await this.status();
    return groups.flatMap((group) => group.instances);
  }

  async inService(): Promise<readonly InstanceStatus[]> {
    return (await this.instances()).filter(({ state }) => state === 'inService');
  }

  /** Waits until exactly so many are in service and nothing is on its way. */
  async settle(size: number, patienceMs = PATIENCE_MS): Promise<readonly InstanceStatus[]> {
    const isSettled = async () => {
      const instances = await this.instances();
      return (
        instances.length === size &&
        instances.every(({ state, targets }) => state === 'inService' && targets[0]?.health === 'healthy')
      );
    };
    await this.until(`${size} in service and nothing else`, isSettled, patienceMs);
    return this.inService();
  }

  activities(): Promise<readonly StoredActivity[]> {
    return this.client.activities({ limit: 1_000 });
  }

  /** All that are kept, oldest first, however many. */
  async allActivities(): Promise<readonly StoredActivity[]> {
    const all: StoredActivity[] = [];
    for (;;) {
      const page = await this.client.activities({ limit: 1_000, afterSequence: all.at(-1)?.sequence ?? 0 });
      if (page.length === 0) return all;
      all.push(...page);
    }
  }

  async untilActivity(reason: StoredActivity['reason'], afterSequence = 0): Promise<StoredActivity> {
    let found: StoredActivity | undefined;
    await this.until(`an activity ${reason}`, async () => {
      found = (await this.activities()).find(
        (activity) => activity.reason === reason && activity.sequence > afterSequence,
      );
      return found !== undefined;
    });
    return found as StoredActivity;
  }

  /** The process behind an instance of the process provider. */
  async pidOf(id: string): Promise<number> {
    const record = JSON.parse(await readFile(join(this.dataDir, 'providers', 'process', id, 'machine.json'), 'utf8'));
    return record.process.pid;
  }

  /** The process id of HAProxy's master: the one that leads its session. */
  async haproxyPid(): Promise<number> {
    const master = (await this.haproxyProcesses()).find(({ leads }) => leads);
    if (master === undefined) throw new Error('there is no HAProxy of this fleet');
    return master.pid;
  }

  /** HAProxy's processes; the master leads its session. */
  async haproxyProcesses(): Promise<readonly { readonly pid: number; readonly leads: boolean }[]> {
    const processes = await processesWith(join(this.haproxyFolder, 'haproxy.cfg'));
    return processes.map(({ pid, session }) => ({ pid, leads: pid === session }));
  }

  get haproxyFolder(): string {
    return join(this.dataDir, 'haproxy', 'web');
  }

  async until(what: string, condition: () => Promise<boolean>, patienceMs = PATIENCE_MS): Promise<void> {
    const deadline = Date.now() + patienceMs;
    while (!(await condition())) {
      if (Date.now() > deadline) {
        const status = await this.status().catch((error) => String(error));
        throw new Error(`waited in vain until ${what}\n${JSON.stringify(status, null, 1)}\n${this.#output}`);
      }
      await new Promise((resolve) => setTimeout(resolve, POLL_EVERY_MS));
    }
  }
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}
