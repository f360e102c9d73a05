import { createHash } from 'node:crypto';
import { createServer } from 'node:net';
import { PortError } from '../../ports/errors.ts';
import { HOST } from './tags.ts';

export interface PortRange {
  readonly from: number;
  readonly to: number;
}

/** Gives out ports, none twice until it is released. */
export class PortAllocator {
  readonly #reserved = new Set<number>();

  /**
   * A port that is neither reserved nor `taken` and that can be listened on; reserved until `release`. The search starts at a place that follows from
   * the id: several controllers on one host then seldom try the same port, and a port is seldom used again soon.
   *
   * @throws PortError `NoCapacity`
   */
  async reserve(instanceId: string, range: PortRange, taken: ReadonlySet<number>): Promise<number> {
    const size = range.to - range.from + 1;
    const start = createHash('sha256').update(instanceId).digest().readUInt32BE(0) % size;
    for (let step = 0; step < size; step += 1) {
      const port = range.from + ((start + step) % size);
      if (taken.has(port) || this.#reserved.has(port)) continue;
      this.#reserved.add(port);
      if (await canListen(port)) return port;
      this.#reserved.delete(port);
    }
    const message = `No port from ${range.from} to ${range.to} is free: widen portRange, or end something that listens there.`;
    throw new PortError('NoCapacity', 'noPort', message);
  }

  release(port: number): void {
    this.#reserved.delete(port);
  }
}

function canListen(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const probe = createServer();
  probe.once('error', () => resolve(false));
  probe.listen({ port, host: HOST, exclusive: true }, () => probe.close(() => resolve(true)));
  return promise;
}
