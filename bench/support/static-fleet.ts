import { fork } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createHaproxy } from '../../src/haproxy/driver.ts';
import type { Fleet } from '../../src/model/fleet.ts';
import type { DesiredState } from '../../src/ports/load-balancer.ts';
import { systemClock } from '../../src/system/clock.ts';
import { freePort } from '../../test/support/free-ports.ts';
import { type Scope, until } from './bench.ts';
import { readStat } from './haproxy.ts';
import { reservePort } from './hello.ts';

export interface ShellLoopPlan {
  readonly socketPath: string;
  readonly database: string;
  readonly servers: readonly { readonly name: string; readonly port: number }[];
  readonly everyMs: number;
}

export type ShellLoopReport =
  | { readonly kind: 'started'; readonly name: string; readonly pid: number }
  | { readonly kind: 'sleeping' };

const POLL_EVERY_MS = 10_000;
const START_TIMEOUT_MS = 30_000;

/**
 * The baseline: the load balancer of a fleet file with as many static servers, configured by the same code, so that checks,
 * retries and timeouts are the same, and nobody who looks after them but a shell loop.
 */
export class StaticFleet {
  readonly port: number;
  readonly socketPath: string;
  readonly pollEveryMs = POLL_EVERY_MS;
  readonly #pids = new Map<string, number>();
  readonly #loop = new EventEmitter();

  private constructor(port: number, socketPath: string) {
    this.port = port;
    this.socketPath = socketPath;
  }

  static async start(fleet: Fleet, size: number, folder: string, scope: Scope): Promise<StaticFleet> {
    const port = await freePort();
    const serverPorts = await Promise.all(Array.from({ length: size }, reservePort));
    const dataDir = join(folder, 'static');
    await mkdir(dataDir);
    const started = new StaticFleet(port, join(dataDir, 'runtime.sock'));
    const servers = serverPorts.map((serverPort, index) => ({ name: `static-${index + 1}`, port: serverPort }));
    const { socketPath } = started;
    const begin = started.#startLoop(
      { socketPath, database: join(dataDir, 'stat.db'), servers, everyMs: POLL_EVERY_MS },
      scope,
    );
    await until('the static servers have started', START_TIMEOUT_MS, async () => started.#pids.size === size);

    const haproxy = createHaproxy({ dataDir, clock: systemClock });
    scope.atEnd(async () => {
      await haproxy.stop(AbortSignal.timeout(START_TIMEOUT_MS));
      await haproxy.close();
    });
    await haproxy.apply(desiredState(fleet, port, servers), async () => {}, scope.signal);
    await until('HAProxy finds them healthy', START_TIMEOUT_MS, async () => {
      const { servers: seen } = await readStat(socketPath, 'hello', scope.signal);
      return [...seen.values()].every(({ status }) => status.startsWith('UP'));
    });
    begin();
    return started;
  }

  /** Starts the servers. @returns the way to make it check from now on */
  #startLoop(plan: ShellLoopPlan, scope: Scope): () => void {
    const child = fork(join(import.meta.dirname, '..', 'processes', 'shell-loop.ts'), [JSON.stringify(plan)]);
    scope.atEnd(async () => {
      if (child.exitCode !== null || !child.connected) return;
      const exited = once(child, 'exit');
      child.disconnect();
      await exited;
    });
    child.on('message', (report: ShellLoopReport) => {
      if (report.kind === 'started') this.#pids.set(report.name, report.pid);
      else this.#loop.emit('sleeping');
    });
    return () => void child.send('begin');
  }

  /** The servers' processes by name, as far as they have started. */
  get pids(): ReadonlyMap<string, number> {
    return this.#pids;
  }

  /** Waits until the loop has checked, done what is to be done and goes to sleep. @returns when it did */
  async nextSleep(): Promise<number> {
    await once(this.#loop, 'sleeping');
    return Date.now();
  }
}

function desiredState(fleet: Fleet, port: number, servers: ShellLoopPlan['servers']): DesiredState {
  const [loadBalancer] = fleet.loadBalancers;
  const [targetGroup] = fleet.targetGroups;
  if (loadBalancer === undefined || targetGroup === undefined) throw new Error('the fleet has no load balancer');
  const listeners = loadBalancer.listeners.map((listener) => ({ ...listener, port }));
  const members = servers.map((server) => ({
    targetGroup: targetGroup.name,
    instanceId: server.name,
    endpoint: { address: '127.0.0.1', port: server.port },
    checkPort: null,
    weight: 1,
    state: 'ready' as const,
    proven: false,
  }));
  return { loadBalancer: { ...loadBalancer, listeners, statsPage: null }, targetGroups: [targetGroup], members };
}
