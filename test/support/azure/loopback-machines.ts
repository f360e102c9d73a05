import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import type { Machines } from './subscription.ts';

const HELLO = join(import.meta.dirname, '..', '..', '..', 'examples', 'hello', 'server.js');

/** Machines of the fake as processes of this host, each listening at its own loopback address. */
export class LoopbackMachines implements Machines {
  readonly #port: number;
  readonly #running = new Map<string, ChildProcess>();

  constructor(port: number) {
    this.#port = port;
  }

  get size(): number {
    return this.#running.size;
  }

  start(id: string, address: string, tags: Readonly<Record<string, string>>): void {
    const env = { HOST: address, PORT: String(this.#port), DROVER_INSTANCE_ID: tags['drover-instance-id'] ?? '' };
    this.#running.set(id, spawn(process.execPath, [HELLO], { env, stdio: 'ignore' }));
  }

  stop(id: string): void {
    this.#running.get(id)?.kill('SIGKILL');
    this.#running.delete(id);
  }

  /** Kills what serves, and leaves the machine on. */
  kill(name: string): void {
    const [, server] = [...this.#running].find(([id]) => id.endsWith(`/${name}`)) ?? [];
    server?.kill('SIGKILL');
  }
}
