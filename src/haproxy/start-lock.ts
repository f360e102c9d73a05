import { createServer } from 'node:net';
import type { Clock } from '../ports/clock.ts';

/** In the abstract name space, which is that of the network: it is free again when its holder ends, however that ends. */
const NAME = '\0drover-listeners';
const POLL_MS = 50;
/** A start takes less. Whoever waits longer goes on without: the lock is for the fleets of one host that start at the same moment. */
const PATIENCE_MS = 5_000;

/**
 * Lets one Drover of this host at a time look whether its ports are free and take them. HAProxy shares a port with whoever allows
 * it, so that two that look at the same moment would both find it free.
 */
export async function takeTurn(clock: Clock, signal: AbortSignal): Promise<AsyncDisposable> {
  for (let waited = 0; waited < PATIENCE_MS && !signal.aborted; waited += POLL_MS) {
    const held = await hold();
    if (held !== null) return held;
    await clock.sleep(POLL_MS, signal);
  }
  return { [Symbol.asyncDispose]: async () => undefined };
}

/** Null while somebody else holds it. */
function hold(): Promise<AsyncDisposable | null> {
  return new Promise((done) => {
    const server = createServer((socket) => socket.destroy());
    server.on('error', () => done(null));
    server.listen(NAME, () => {
      server.unref();
      done({ [Symbol.asyncDispose]: () => new Promise((closed) => server.close(() => closed())) });
    });
  });
}
