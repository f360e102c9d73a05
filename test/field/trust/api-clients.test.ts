import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import type { FastifyInstance } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ApiClient } from '../../../src/api/client.ts';
import { problemSchema } from '../../../src/api/errors.ts';
import { listen } from '../../../src/api/socket.ts';
import { apiOf } from '../../support/api.ts';
import { FakeFleetService } from '../../support/fake-service.ts';

const DROVER = fileURLToPath(new URL('../../support/drover-fake.ts', import.meta.url));
const BIN = fileURLToPath(new URL('../../../bin/drover', import.meta.url));

let folder: string;
let app: FastifyInstance;
let path: string;
let asked: number;
let answerCharacters: number;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'drover-clients-'));
  const service = new FakeFleetService({ now: () => 0, story: [], desired: 1, maxSize: 1, dataDir: folder });
  asked = 0;
  answerCharacters = 10;
  const { fleet } = service;
  service.fleet = () => {
    asked += 1;
    return { ...fleet(), fleet: 'x'.repeat(answerCharacters) };
  };
  app = apiOf(service);
  path = await listen(app, folder);
});
afterEach(async () => {
  await app.close();
  await rm(folder, { recursive: true, force: true });
});

async function say(request: string): Promise<{ head: string; body: string }> {
  const socket = connect(path);
  socket.end(request);
  const [head = '', body = ''] = (await text(socket)).split('\r\n\r\n');
  return { head, body };
}

describe('every answer has a body that says what is wrong', () => {
  it.each([
    ['an odd Expect', 'GET /v1/status HTTP/1.1\r\nHost: x\r\nExpect: 200-maybe\r\n\r\n', '417'],
    ['a header without a colon', 'GET /v1/status HTTP/1.1\r\nHost x\r\n\r\n', '400'],
    ['two lengths', 'POST /v1/down HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n', '400'],
    [
      'a length and chunks',
      'POST /v1/down HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n',
      '400',
    ],
    ['HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', '400'],
    ['headers without end', `GET /v1/status HTTP/1.1\r\nHost: x\r\nA: ${'x'.repeat(100_000)}`, '400'],
    ['no such method', 'BREW /v1/status HTTP/1.1\r\nHost: x\r\n\r\n', '400'],
    ['TLS', '\u0016\u0003\u0001\u0000\u0005', '400'],
  ])('%s', async (_, request, status) => {
    const { head, body } = await say(request);
    expect(head).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(problemSchema.parse(JSON.parse(body)).detail).not.toBe('');
  });

  it.each([
    ['no Host', 'GET /v1/status HTTP/1.1\r\nConnection: close\r\n\r\n'],
    ['an empty Host', 'GET /v1/status HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n'],
    ['an odd Host', 'GET /v1/status HTTP/1.1\r\nHost: ..:-1/ö\r\nConnection: close\r\n\r\n'],
    ['HTTP/1.0', 'GET /v1/status HTTP/1.0\r\n\r\n'],
  ])('and with %s there is an answer', async (_, request) => {
    const { head, body } = await say(request);
    expect(head).toMatch(/^HTTP\/1.1 200 /);
    expect(JSON.parse(body)).toMatchObject({ mode: 'up' });
  });
});

describe('clients that do not read', () => {
  it('get one answer made for each connection, however many they ask for', async () => {
    answerCharacters = 1_000_000;
    const clients = await Promise.all(Array.from({ length: 20 }, () => stuffed(500)));
    await expect.poll(() => asked).toBeGreaterThanOrEqual(clients.length);
    const client = new ApiClient(folder);
    answerCharacters = 10;
    expect((await client.status()).mode).toBe('up');
    await client.close();
    expect(asked).toBeLessThanOrEqual(2 * clients.length + 1);
    for (const socket of clients) socket.destroy();
  });

  it('are refused once too much waits for them', async () => {
    answerCharacters = 20_000_000;
    const clients: Socket[] = [];
    for (let index = 0; index < 3; index += 1) clients.push(await stuffed(1));
    await expect.poll(() => asked).toBe(3);
    const { head, body } = await say('GET /v1/status HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    expect(head).toMatch(/^HTTP\/1.1 503 /);
    expect(problemSchema.parse(JSON.parse(body)).code).toBe('busy');
    for (const socket of clients) socket.destroy();
    answerCharacters = 10;
    await expect.poll(() => say('GET /v1/status HTTP/1.0\r\n\r\n').then((answer) => answer.head)).toMatch(/ 200 /);
  });
});

/** A connection with so many requests on it, of which nobody reads an answer. */
async function stuffed(requests: number): Promise<Socket> {
  const socket = connect(path).on('error', () => {});
  await once(socket, 'connect');
  socket.pause().write('GET /v1/status HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(requests));
  return socket;
}

it('requests that follow each other on a connection are answered', async () => {
  const socket = connect(path).setEncoding('utf8');
  for (let round = 0; round < 3; round += 1) {
    socket.write('GET /v1/status HTTP/1.1\r\nHost: x\r\n\r\n');
    expect((await once(socket, 'data'))[0]).toMatch(/^HTTP\/1.1 200 /);
  }
  socket.destroy();
});

describe('SIGUSR1', () => {
  it('opens no inspector', async () => {
    expect(await readFile(BIN, 'utf8')).toContain('exec "$node" --disable-sigusr1 ');
    const child = spawn(process.execPath, ['--disable-sigusr1', DROVER, 'run', '--data', folder], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let said = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (said += chunk));
    await expect.poll(() => said).toContain('controllerStarted');
    child.kill('SIGUSR1');
    child.kill('SIGTERM');
    await once(child, 'exit');
    expect(said).not.toContain('Debugger listening');
  });
});
