import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';
import { type FastifyInstance, fastify } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { dashboardRoutes } from './dashboard.ts';

let folder: string;
let app: FastifyInstance;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'drover-web-'));
  await mkdir(join(folder, 'dist', 'assets'), { recursive: true });
  await writeFile(join(folder, 'secret'), 'secret');
  await writeFile(join(folder, 'dist', 'index.html'), '<!doctype html>');
  await writeFile(join(folder, 'dist', 'assets', 'index-a1.js'), 'start();');
  app = fastify();
  dashboardRoutes(app, join(folder, 'dist'));
});

afterEach(async () => {
  await app.close();
  await rm(folder, { recursive: true });
});

describe('the dashboard', () => {
  it.each(['/', '/login', '/groups/web', '/instances/i-1', '/fleet'])(
    'has its document at %s, asked for anew each time',
    async (url) => {
      const answer = await app.inject(url);
      expect([answer.statusCode, answer.body, answer.headers['cache-control']]).toEqual([
        200,
        '<!doctype html>',
        'no-cache',
      ]);
      expect(answer.headers['content-security-policy']).toContain("script-src 'self'");
    },
  );

  it('has files whose names change with what they say, kept for ever, and compressed for who takes that', async () => {
    const answer = await app.inject({ url: '/assets/index-a1.js', headers: { 'accept-encoding': 'gzip, br' } });
    expect(answer.headers).toMatchObject({
      'cache-control': 'public, max-age=31536000, immutable',
      'content-encoding': 'br',
      'content-type': 'text/javascript; charset=utf-8',
    });
    expect(brotliDecompressSync(answer.rawPayload).toString()).toBe('start();');
  });

  it.each(['/assets/../../secret', '/assets/..%2f..%2fsecret', '/assets/none.js', '/other'])(
    'has nothing at %s',
    async (url) => {
      expect((await app.inject(url)).statusCode).toBe(404);
    },
  );

  it('says that it is not built, and finds it once it is', async () => {
    const other = fastify();
    dashboardRoutes(other, join(folder, 'later'));
    const missing = await other.inject('/');
    expect([missing.statusCode, missing.body]).toEqual([503, expect.stringContaining('npm run build:web')]);
    await mkdir(join(folder, 'later'));
    await writeFile(join(folder, 'later', 'index.html'), 'built');
    expect((await other.inject('/')).body).toBe('built');
    await other.close();
  });
});
