import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { Agent, get, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { freePort } from '../support/free-ports.ts';

const SERVER = join(import.meta.dirname, '../../examples/hello/server.js');

let server: ChildProcess;
let port: number;
const agent = new Agent({ keepAlive: true });

beforeEach(async () => {
  port = await freePort();
  server = spawn(process.execPath, [SERVER], {
    env: { PORT: String(port), HOST: '127.0.0.1', DROVER_INSTANCE_ID: 'i-1' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (server.stdout !== null) await once(server.stdout, 'data');
});

afterEach(async () => {
  agent.destroy();
  if (server.exitCode !== null || server.signalCode !== null) return;
  server.kill('SIGKILL');
  await once(server, 'exit');
});

describe('the hello server', () => {
  it('says which one it is, on connections that are kept', async () => {
    const response = await request('/');
    expect([response.statusCode, await text(response)]).toEqual([200, 'Hello from i-1\n']);
    expect(response.headers['keep-alive']).toBe('timeout=120');
    expect((await request('/health')).statusCode).toBe(200);
    expect((await request('/elsewhere')).statusCode).toBe(404);
  });

  it('answers open requests after SIGTERM, takes no new ones, and exits', async () => {
    (await request('/')).resume();
    const open = request('/slow?ms=2000');
    // Its connection is known to be accepted once a request that came later is answered.
    (await request('/health')).resume();
    const exit = once(server, 'exit');
    server.kill('SIGTERM');
    const response = await open;
    expect(response.headers.connection).toBe('close');
    expect(await text(response)).toContain('Hello from i-1');
    expect(await exit).toEqual([0, null]);
    await expect(request('/')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });
});

async function request(path: string): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  get({ host: '127.0.0.1', port, path, agent }, resolve).once('error', reject);
  return await promise;
}
