import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { problemSchema } from '../../src/api/errors.ts';
import { listen } from '../../src/api/socket.ts';
import { apiOf } from '../support/api.ts';
import { FakeFleetService } from '../support/fake-service.ts';
import { anyText, bounded, FUZZ_TIMEOUT_MS } from './fuzz.ts';

const PATIENCE_MS = 5_000;
const BODY_LIMIT_BYTES = 64 * 1024;

let folder: string;
let path: string;
let api: FastifyInstance;
const internal: unknown[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'drover-api-'));
  const service = new FakeFleetService({ now: () => 0 });
  api = apiOf(service, { onInternalError: (error) => internal.push(error) });
  path = await listen(api, folder);
});

afterAll(async () => {
  await api.close();
  await rm(folder, { recursive: true });
});

interface Answer {
  readonly status: number;
  readonly head: string;
  readonly body: string;
}

/** Sends bytes, ends our side, and reads until the other side has ended too. Null for an answer that is none. */
async function send(...pieces: readonly (string | Buffer)[]): Promise<Answer | null> {
  const socket = connect({ path, allowHalfOpen: true, signal: AbortSignal.timeout(PATIENCE_MS) });
  await once(socket, 'connect');
  const chunks: Buffer[] = [];
  socket.on('data', (chunk) => chunks.push(chunk));
  // Whoever is refused in the middle of a large body may find the connection gone.
  let broken: NodeJS.ErrnoException | null = null;
  socket.on('error', (error) => {
    broken = error;
  });
  for (const piece of pieces) socket.write(piece);
  socket.end();
  await new Promise((resolve) => socket.on('close', resolve));
  if (broken !== null) expect(['EPIPE', 'ECONNRESET']).toContain((broken as NodeJS.ErrnoException).code);
  const text = Buffer.concat(chunks).toString();
  const end = text.indexOf('\r\n\r\n');
  if (end < 0) return null;
  const head = text.slice(0, end).toLowerCase();
  const length = Number(/content-length: (\d+)/.exec(head)?.[1] ?? 0);
  // Only the first one, where several were asked for.
  return {
    status: Number(head.split(' ')[1]),
    head,
    body: Buffer.from(text.slice(end + 4)).toString('utf8', 0, length),
  };
}

/** Nothing worse than a refusal, and a refusal always says which. */
function check(answer: Answer | null, method = 'GET'): void {
  expect(internal).toEqual([]);
  if (answer === null) return;
  expect(answer.status).toBeLessThan(500);
  if (answer.status < 400 || method === 'HEAD') return;
  // What Node itself refuses, such as an `Expect` that it does not know, it refuses without a word.
  if (!answer.head.includes('content-length')) return;
  expect(answer.head).toContain('content-type: application/problem+json');
  const refusal: unknown = JSON.parse(answer.body);
  expect(problemSchema.safeParse(refusal)).toMatchObject({ success: true });
}

async function isAlive(): Promise<void> {
  expect(await send('GET /v1/status HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')).toMatchObject({ status: 200 });
}

const method = fc.constantFrom(
  'GET',
  'PUT',
  'POST',
  'DELETE',
  'PATCH',
  'HEAD',
  'OPTIONS',
  'TRACE',
  'PROPFIND',
  'QUERY',
);
const segment = fc.oneof(
  fc.constantFrom(...['v1', 'status', 'activities', 'plan', 'fleet', 'changes', 'reload', 'down', 'groups', 'hello']),
  fc.constantFrom(
    'desired-capacity',
    'resume',
    'instances',
    'drain',
    'terminate',
    '..',
    '.',
    '',
    '%',
    '%2e%2e',
    '%00',
    '%ff',
  ),
  anyText.map((text) => encodeURIComponent(text.toWellFormed())),
  fc.string({ unit: fc.constantFrom(...'abc%2f/\\;:@&=+$,!~*\'()[]|^`<>"#?'), maxLength: 12 }),
);
const route = fc.constantFrom(
  ...[
    '/v1/status',
    '/v1/activities',
    '/v1/plan',
    '/v1/fleet/changes',
    '/v1/groups/hello/desired-capacity',
    '/v1/groups/hello/resume',
  ],
  ...['/v1/instances/i-1/drain', '/v1/instances/i-1/terminate', '/v1/fleet/reload'],
);
const query = fc.oneof(
  fc.constant(''),
  fc
    .array(fc.tuple(fc.constantFrom('group', 'limit', 'after', 'level', 'instance', '__proto__', 'x'), anyText), {
      maxLength: 4,
    })
    .map((pairs) => `?${pairs.map(([key, text]) => `${key}=${encodeURIComponent(text.toWellFormed())}`).join('&')}`),
);
const target = fc
  .tuple(
    fc.oneof(
      route,
      fc.array(segment, { maxLength: 6 }).map((parts) => `/${parts.join('/')}`),
    ),
    query,
  )
  .map(([where, what]) => (where + what).replaceAll(/[\s#]/g, '%20'));
const header = fc.tuple(
  fc.constantFrom(
    'Content-Type',
    'Accept',
    'Expect',
    'Transfer-Encoding',
    'Upgrade',
    'X-Forwarded-For',
    'Content-Length',
    'Range',
    'Cookie',
  ),
  fc.oneof(
    fc.constantFrom(
      'application/json',
      'text/plain',
      'chunked',
      '100-continue',
      'websocket',
      'gzip',
      '-1',
      '99999999999',
      'identity, chunked',
      '',
    ),
    anyText.map((text) => text.replaceAll(/[^\x21-\x7e]/g, '')),
  ),
);
const body = fc.oneof(
  fc.constant(''),
  fc.json(),
  fc.constantFrom(
    '{"desired":3}',
    '{"desired":1e999}',
    '{"desired":-0}',
    '{"desired":"3"}',
    '{"__proto__":{"desired":3}}',
    '{"constructor":{"prototype":1}}',
    '{"desired":3',
    '[',
    'null',
    '\ufeff{}',
  ),
  anyText,
);

describe('the local API', () => {
  it(
    'answers or refuses whatever is asked of it',
    async () => {
      await fc.assert(
        fc.asyncProperty(
          method,
          target,
          fc.array(header, { maxLength: 3 }),
          body,
          fc.boolean(),
          async (verb, where, headers, text, json) => {
            const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`);
            if (json) lines.push('Content-Type: application/json\r\n');
            const length = `Content-Length: ${Buffer.byteLength(text)}\r\n`;
            check(
              await send(
                `${verb} ${where} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${length}${lines.join('')}\r\n${text}`,
              ),
              verb,
            );
          },
        ),
        bounded(800),
      );
      await isAlive();
    },
    FUZZ_TIMEOUT_MS,
  );

  it(
    'answers, refuses or leaves bytes that are no HTTP',
    async () => {
      const good =
        'PUT /v1/groups/hello/desired-capacity HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 13\r\n\r\n{"desired":3}';
      const place = fc.nat({ max: good.length });
      const bytes = fc.oneof(
        fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array)),
        fc
          .tuple(place, place, anyText)
          .map(([from, to, text]) => Buffer.from(good.slice(0, from) + text + good.slice(to))),
        place.map((to) => Buffer.from(good.slice(0, to))),
      );
      await fc.assert(
        fc.asyncProperty(fc.array(bytes, { minLength: 1, maxLength: 3 }), async (pieces) =>
          check(await send(...pieces), 'PUT'),
        ),
        bounded(500),
      );
      await isAlive();
    },
    FUZZ_TIMEOUT_MS,
  );

  it.each([
    ['a body above the limit', `{"desired":${'3'.repeat(BODY_LIMIT_BYTES)}}`, 'tooLarge'],
    ['a body nested ten thousand deep', '['.repeat(10_000), 'malformed'],
  ])('refuses %s', async (_, text, code) => {
    const answer = await send(
      `PUT /v1/groups/hello/desired-capacity HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${text.length}\r\n\r\n`,
      text,
    );
    expect(JSON.parse(answer?.body ?? '')).toMatchObject({ code });
    await isAlive();
  });

  it.each([
    [
      'a hundred megabytes, in chunks',
      [
        'POST /v1/fleet/reload HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n',
        ...Array.from({ length: 100 }, () => `100000\r\n${' '.repeat(1_048_576)}\r\n`),
      ],
    ],
    ['headers above the limit', [`GET /v1/status HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(1_000_000)}\r\n\r\n`]],
    ['ten thousand headers', [`GET /v1/status HTTP/1.1\r\nHost: x\r\n${'X: y\r\n'.repeat(10_000)}\r\n`]],
    ['a path above the limit', [`GET /${'x'.repeat(1_000_000)} HTTP/1.1\r\nHost: x\r\n\r\n`]],
    ['ten thousand requests at once', ['GET /v1/x HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(10_000)]],
  ])('survives %s', async (_, pieces) => {
    check(await send(...pieces));
    await isAlive();
  });

  it('goes on for others while many leave their requests unfinished', async () => {
    const open = Array.from({ length: 200 }, () => connect(path).on('error', () => undefined));
    for (const socket of open)
      socket.write('PUT /v1/groups/hello/desired-capacity HTTP/1.1\r\nHost: x\r\nContent-Length: 13\r\n\r\n{"des');
    await isAlive();
    for (const socket of open) socket.destroy();
    await isAlive();
  });
});
