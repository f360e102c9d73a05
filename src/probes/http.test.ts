import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { TARGET_GROUP } from '../../test/support/snapshot.ts';
import { httpProbe } from './http.ts';

describe('the HTTP probe', () => {
  let server: Server | undefined;
  afterEach(() => {
    server?.closeAllConnections();
    server?.close();
  });

  async function probe(listener: RequestListener, check: Partial<typeof TARGET_GROUP.healthCheck> = {}) {
    server = createServer(listener).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const healthCheck = { ...TARGET_GROUP.healthCheck, timeoutMs: 200, ...check };
    return httpProbe.check({ address: '127.0.0.1', port }, healthCheck, new AbortController().signal);
  }

  it('asks for the health check’s path', async () => {
    const answer = await probe((request, response) => response.writeHead(request.url === '/health' ? 200 : 404).end());
    expect(answer).toEqual({ healthy: true, answered: true, detail: 'answered 200' });
  });

  it('judges by the matcher', async () => {
    const found: RequestListener = (_, response) => response.writeHead(302, { location: '/' }).end();
    expect(await probe(found, { matcher: '200' })).toEqual({ healthy: false, answered: true, detail: 'answered 302' });
    expect(await probe(found, { matcher: '200-399' })).toEqual({
      healthy: true,
      answered: true,
      detail: 'answered 302',
    });
  });

  it('does not wait for one that hangs', async () => {
    expect(await probe(() => {})).toMatchObject({ healthy: false, answered: false });
  });

  it('does not read what never ends', async () => {
    const answer = await probe((_, response) => {
      response.writeHead(200);
      response.write('x'.repeat(1024));
    });
    expect(answer).toMatchObject({ healthy: true });
  });

  it('finds nobody where nobody listens', async () => {
    const endpoint = { address: '127.0.0.1', port: 1 };
    const answer = await httpProbe.check(endpoint, TARGET_GROUP.healthCheck, new AbortController().signal);
    expect(answer.healthy).toBe(false);
    expect(answer.detail).toContain('ECONNREFUSED');
  });
});
