import { expect, it } from 'vitest';
import { connectionLimit, openFileLimit } from './open-files.ts';

const LISTENER = { address: '127.0.0.1', port: 80, targetGroup: 'web', trustedProxies: [] };

it.each([
  { openFiles: 1_000_000_000, wanted: 50_000, connections: 50_000, files: 104_000 },
  { openFiles: 1_048_576, wanted: 50_000, connections: 50_000, files: 104_000 },
  { openFiles: 20_000, wanted: 50_000, connections: 8_000, files: 20_000 },
  { openFiles: 4_096, wanted: 50_000, connections: 1_638, files: 4_096 },
  { openFiles: 1_024, wanted: 50_000, connections: 409, files: 1_024 },
  { openFiles: 20_000, wanted: 5_000, connections: 5_000, files: 10_500 },
  { openFiles: 20_000, wanted: 100, connections: 100, files: 700 },
  { openFiles: 1, wanted: 100, connections: 1, files: 1 },
])('$openFiles open files allow $connections of $wanted connections', ({ openFiles, wanted, connections, files }) => {
  expect(connectionLimit({ maxConnections: wanted, listeners: [LISTENER] }, openFiles)).toEqual({ connections, files });
});

it('makes room for each listener', () => {
  const limit = connectionLimit({ maxConnections: 5_000, listeners: [LISTENER, LISTENER] }, 1_000_000);
  expect(limit).toEqual({ connections: 5_000, files: 21_000 });
});

it('knows the limit of a process, and takes ours for one that is gone', async () => {
  const ours = await openFileLimit(process.pid);
  expect(ours).toBeGreaterThan(0);
  // No process has such an id.
  expect(await openFileLimit(2 ** 30)).toBe(ours);
});
