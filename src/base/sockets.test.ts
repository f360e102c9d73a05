import { once } from 'node:events';
import { createServer } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { listeningSockets, socketsOf } from './sockets.ts';

it.each(['127.0.0.1', '0.0.0.0', '::1', '::'])('a listener on %s is found, with its holder', async (host) => {
  const server = createServer().listen(0, host);
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  const [found, ...more] = listeningSockets((one) => one === port);
  expect(found).toMatchObject({ address: host, port, userId: process.geteuid?.() });
  expect(more).toEqual([]);
  expect(socketsOf(process.pid)?.has(found?.inode ?? '')).toBe(true);
});
