import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { Backoff } from '../../base/backoff.ts';
import { inheritedEnvironment } from '../../base/user-program.ts';
import type { Clock } from '../../ports/clock.ts';
import { mayBeOf } from './tags.ts';
import { VIRSH_ENVIRONMENT, type Virsh } from './virsh.ts';

const RESTART = { minMs: 1_000, maxMs: 60_000 };
/** One that has lived so long was connected. */
const CONNECTED_MS = 10_000;

/** Follows what happens to the fleet's domains on one host, by `virsh event`, for as long as it is open. */
export class EventWatch {
  readonly #virsh: Virsh;
  readonly #fleet: string;
  readonly #clock: Clock;
  readonly #onEvent: () => void;
  readonly #closed = new AbortController();
  readonly #done: Promise<void>;

  constructor(virsh: Virsh, fleet: string, clock: Clock, onEvent: () => void) {
    this.#virsh = virsh;
    this.#fleet = fleet;
    this.#clock = clock;
    this.#onEvent = onEvent;
    this.#done = this.#run();
  }

  async close(): Promise<void> {
    this.#closed.abort();
    await this.#done;
  }

  async #run(): Promise<void> {
    const backoff = new Backoff(RESTART, () => `${this.#virsh.where} ${this.#clock.steadyMs()}`);
    while (!this.#closed.signal.aborted) {
      const startedMs = this.#clock.steadyMs();
      await this.#follow();
      if (this.#clock.steadyMs() - startedMs > CONNECTED_MS) backoff.reset();
      await this.#clock.sleep(backoff.next(), this.#closed.signal);
    }
  }

  /** Until it ends: the host is not reached, or not any more. The lists say so. */
  async #follow(): Promise<void> {
    const [program = '', ...args] = this.#virsh.commandLine(['event', '--event', 'lifecycle', '--loop']);
    const env = { ...inheritedEnvironment(), ...VIRSH_ENVIRONMENT };
    const child = spawn(program, args, { cwd: '/', env, detached: true, stdio: ['ignore', 'pipe', 'ignore'] });
    const ended = once(child, 'close').catch(() => undefined);
    const onClose = () => killGroup(child);
    this.#closed.signal.addEventListener('abort', onClose, { once: true });
    if (this.#closed.signal.aborted) onClose();
    createInterface(child.stdout).on('line', (line) => {
      const name = /^event 'lifecycle' for domain '?([^':]+)'?:/.exec(line)?.[1];
      if (name !== undefined && mayBeOf(this.#fleet, name)) this.#onEvent();
    });
    await ended;
    this.#closed.signal.removeEventListener('abort', onClose);
  }
}

/** With the ssh that it may have started. */
function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended already.
  }
}
