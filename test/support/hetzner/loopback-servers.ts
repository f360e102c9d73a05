import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import type { Machines, Server } from './project.ts';

const HELLO = join(import.meta.dirname, '..', '..', '..', 'examples', 'hello', 'server.js');

/** Servers of the fake as processes of this host, each listening at its own loopback address. */
export class LoopbackServers implements Machines {
  readonly #port: number;
  readonly #running = new Map<number, ChildProcess>();

  constructor(port: number) {
    this.#port = port;
  }

  get size(): number {
    return this.#running.size;
  }

  start({ id, labels, public_net }: Server): void {
    const environment = {
      HOST: public_net.ipv4?.ip ?? '',
      PORT: String(this.#port),
      DROVER_INSTANCE_ID: labels['drover-instance-id'] ?? '',
    };
    this.#running.set(id, spawn(process.execPath, [HELLO], { env: environment, stdio: 'ignore' }));
  }

  stop({ id }: Server): void {
    this.kill(id);
    this.#running.delete(id);
  }

  /** Kills what serves, and leaves the server on. */
  kill(id: number): void {
    this.#running.get(id)?.kill('SIGKILL');
  }
}
