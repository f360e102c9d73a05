import { createHash } from 'node:crypto';
import { createServer } from 'node:net';
import { errorCode } from '../../base/system-error.ts';
import { PortError } from '../../ports/errors.ts';
import { HOST } from './tags.ts';

export interface PortRange {
  readonly from: number;
  readonly to: number;
}

/** Those that any provider instance of this process has given out: the host's ports are the same for all of them. */
const RESERVED_ON_THIS_HOST = new Set<number>();

/** Gives out ports, none twice until it is released. */
export class PortAllocator {
  readonly #reserved: Set<number>;

  constructor(reserved: Set<number> = RESERVED_ON_THIS_HOST) {
    this.#reserved = reserved;
  }

  /**
   * A port that is neither reserved nor `taken` and that can be listened on; reserved until `release`. The search starts at a place that follows from
   * the id: several controllers on one host then seldom try the same port, and a port is seldom used again soon.
   *
   * @throws PortError `NoCapacity`
   */
  async reserve(instanceId: string, range: PortRange, taken: ReadonlySet<number>): Promise<number> {
    const size = range.to - range.from + 1;
    const start = createHash('sha256').update(instanceId).digest().readUInt32BE(0) % size;
    let refusal: string | null = null;
    for (let step = 0; step < size; step += 1) {
      const port = range.from + ((start + step) % size);
      if (taken.has(port) || this.#reserved.has(port)) continue;
      this.#reserved.add(port);
      const why = await whyNotListen(port);
      if (why === null) return port;
      this.#reserved.delete(port);
      if (why !== 'EADDRINUSE')
        refusal = `this user may not listen on port ${port} (${why}): ports below 1024 need rights of their own`;
    }
    const reason = refusal ?? 'widen portRange, or end something that listens there';
    const message = `No port from ${range.from} to ${range.to} can be used: ${reason}.`;
    throw new PortError('NoCapacity', 'noPort', message);
  }

  release(port: number): void {
    this.#reserved.delete(port);
  }
}

/** The system's code; null when it can be listened on. */
function whyNotListen(port: number): Promise<string | null> {
  const { promise, resolve } = Promise.withResolvers<string | null>();
  const probe = createServer();
  probe.once('error', (error) => resolve(errorCode(error)));
  probe.listen({ port, host: HOST, exclusive: true }, () => probe.close(() => resolve(null)));
  return promise;
}
