import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RingEvents } from '../../src/haproxy/events.ts';
import { showProcesses } from '../../src/haproxy/master.ts';
import { Runtime } from '../../src/haproxy/runtime.ts';
import { ask } from '../../src/haproxy/socket.ts';
import type { Clock } from '../../src/ports/clock.ts';
import { PortError } from '../../src/ports/errors.ts';
import { systemClock } from '../../src/system/clock.ts';
import { bounded, FUZZ_TIMEOUT_MS } from './fuzz.ts';
import { PROCESSES, REPORT_REPLY } from './haproxy-replies.ts';

/** Waits a fiftieth of what it is asked to. */
const hasty: Clock = { ...systemClock, sleep: (delayMs, signal) => systemClock.sleep(delayMs / 50, signal) };
const CODES = ['deadline', 'haproxyReply', 'haproxySocket', 'haproxyNotRunning'];

/** What the other side does with a connection. */
interface Behaviour {
  readonly chunks: readonly Buffer[];
  readonly end: 'close' | 'reset' | 'hang' | 'drip';
}

let folder: string;
let path: string;
let server: Server;
let behave: (socket: Socket) => void;
const sockets = new Set<Socket>();

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'drover-fuzz-'));
  path = join(folder, 'haproxy.sock');
  server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
    socket.resume();
    behave(socket);
  }).listen(path);
  await once(server, 'listening');
});

afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  await new Promise((resolve) => server.close(resolve));
  await rm(folder, { recursive: true });
});

function play({ chunks, end }: Behaviour) {
  return (socket: Socket): void => {
    for (const chunk of chunks) socket.write(chunk);
    if (end === 'close') socket.end();
    if (end === 'reset') socket.write('', () => socket.destroy());
    if (end === 'drip') {
      const timer = setInterval(() => socket.write('x'), 5);
      socket.on('close', () => clearInterval(timer));
    }
  };
}

/** What came of it: a value, or the PortError instead. What never ends is ended by the test's own timeout. */
async function outcome(work: Promise<unknown>): Promise<PortError | null> {
  const error = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (error === null) return null;
  expect(error).toBeInstanceOf(PortError);
  expect(CODES).toContain((error as PortError).code);
  return error as PortError;
}

const signal = new AbortController().signal;
const calls: readonly (() => Promise<unknown>)[] = [
  () => ask(path, [['show', 'info']], hasty, signal),
  () => new Runtime(path, hasty, () => null).observe(signal),
  () => new Runtime(path, hasty, () => null).identify(signal),
  () => new Runtime(path, hasty, () => null).execute([{ words: ['del', 'server', 'a/b'], expected: /x/ }], signal),
  () => new Runtime(path, hasty, () => null).demand([{ words: ['show', 'x'], expected: /x/ }], signal),
  () => showProcesses(path, hasty, signal),
];

const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array)),
  fc.constantFrom(REPORT_REPLY, PROCESSES, '\n', 'é').chain((text) => {
    const all = Buffer.from(text);
    return fc.nat({ max: all.length }).map((length) => all.subarray(0, length));
  }),
);
const behaviour = fc.record<Behaviour>({
  chunks: fc.array(bytes, { maxLength: 5 }),
  end: fc.constantFrom('close', 'close', 'close', 'reset', 'hang', 'drip'),
});

describe('a HAProxy that answers anything', () => {
  it(
    'gets a value out of us, or a clear error, and never holds us up',
    async () => {
      await fc.assert(
        fc.asyncProperty(behaviour, fc.constantFrom(...calls), async (how, call) => {
          behave = play(how);
          const error = await outcome(call());
          if (how.end === 'hang' || how.end === 'drip') expect(error).toMatchObject({ code: 'deadline' });
        }),
        bounded(300),
      );
    },
    FUZZ_TIMEOUT_MS,
  );

  it('is cut off when its answer has no end', async () => {
    const block = Buffer.alloc(1024 * 1024, '# a,b\n');
    behave = (socket) => {
      const more = (): void => {
        while (socket.writable && socket.write(block));
      };
      socket.on('drain', more);
      more();
    };
    // The real clock: the bound is the size, long before the time.
    const error = await outcome(ask(path, [['show', 'info']], systemClock, signal));
    expect(error).toMatchObject({ code: 'haproxyReply', message: "HAProxy's answer has no end" });
  });

  it('is no reason to wait once the caller has given up', async () => {
    behave = () => undefined;
    const ours = new AbortController();
    const asked = ask(path, [['show', 'info']], systemClock, ours.signal);
    await once(server, 'connection');
    ours.abort();
    await expect(asked).rejects.toMatchObject({ name: 'PortError', code: 'aborted' });
  });
});

describe('the stream of health events', () => {
  const EVENT = '<129>Nov 23 haproxy: Server hello/i-1 is DOWN, reason: Layer4 connection problem, info: "x".\n';

  async function notified(send: (socket: Socket) => void): Promise<void> {
    const events = new RingEvents(path, hasty);
    try {
      await new Promise<void>((resolve) => {
        behave = send;
        events.watch(resolve);
      });
    } finally {
      events.close();
    }
  }

  it(
    'tells of a transition, in whatever pieces and after whatever it comes',
    async () => {
      const noise = fc
        .uint8Array({ maxLength: 200 })
        .map((array) => Buffer.from(array).map((byte) => (byte === 10 ? 32 : byte)));
      const cuts = fc.array(fc.nat({ max: EVENT.length }), { maxLength: 4 });
      await fc.assert(
        fc.asyncProperty(fc.array(noise, { maxLength: 3 }), cuts, async (before, places) => {
          const edges = [0, ...places.toSorted((a, b) => a - b), EVENT.length];
          const pieces = edges.slice(1).map((edge, index) => EVENT.slice(edges[index], edge));
          await notified((socket) => {
            for (const chunk of [...before, '\n', ...pieces]) socket.write(chunk);
          });
        }),
        bounded(150),
      );
    },
    FUZZ_TIMEOUT_MS,
  );

  it('goes on after a line without an end, and does not keep it', async () => {
    const before = process.memoryUsage().heapUsed;
    await notified((socket) => {
      for (let count = 0; count < 64; count += 1) socket.write(Buffer.alloc(1024 * 1024, 'x'));
      socket.write(`\n${EVENT}`);
    });
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(64 * 1024 * 1024);
  });

  it('is listened to again after it has broken off, and a server that breaks it off at once is left some peace', async () => {
    const events = new RingEvents(path, systemClock);
    let connections = 0;
    let changes = 0;
    behave = (socket) => {
      connections += 1;
      socket.destroy();
    };
    await new Promise<void>((resolve) => {
      events.watch(() => {
        changes += 1;
        if (changes === 3) resolve();
      });
    });
    events.close();
    expect(connections).toBeLessThanOrEqual(5);
  });
});
