import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * Below those that the kernel gives to connections and to whoever asks for any port, and beside those of the process provider: what was
 * free a moment ago would now and then be taken by another test's server before it is used.
 */
const FIRST = 10_000;
const COUNT = 10_000;

/** Test files run side by side, each with a count of its own: they begin in different places. */
let next = randomInt(COUNT);

/** Ports on 127.0.0.1 that are free, each given out once. */
export async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = [];
  for (let tried = 0; tried < COUNT && ports.length < count; tried += 1) {
    const port = FIRST + next;
    next = (next + 1) % COUNT;
    if (await isFree(port)) ports.push(port);
  }
  if (ports.length < count) throw new Error(`no port is free from ${FIRST} to ${FIRST + COUNT - 1}`);
  return ports;
}

/** One such port. */
export async function freePort(): Promise<number> {
  const [port = 0] = await freePorts(1);
  return port;
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
  } catch {
    return false;
  }
  server.close();
  await once(server, 'close');
  return true;
}
