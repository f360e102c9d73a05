import { mkdir, mkdtemp, rename, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { listen, socketPath } from '../../../src/api/socket.ts';
import { PLAIN_ACTIVITY } from '../../../src/model/activity.ts';
import type { Store } from '../../../src/ports/store.ts';
import { acquireLock, type Lock } from '../../../src/store/lock.ts';
import { filesIn, guarded, rememberFiles } from '../../../src/store/presence.ts';
import { openSqliteStore } from '../../../src/store/sqlite.ts';
import { apiOf } from '../../support/api.ts';
import { FakeFleetService } from '../../support/fake-service.ts';

let folder: string;
let dataDir: string;
let lock: Lock;
let store: Store;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'drover-lost-'));
  dataDir = join(folder, 'data');
  lock = acquireLock(dataDir);
  store = await openSqliteStore({ path: filesIn(dataDir).database });
});
afterEach(async () => {
  await store.close();
  lock.release();
  await rm(folder, { recursive: true });
});

const told = { ...PLAIN_ACTIVITY, at: 0, level: 'info', reason: 'controllerStarted', message: 'x' } as const;
const change = { memory: null, instances: [], activities: [told] };

const losses: readonly (readonly [string, () => Promise<unknown>, string])[] = [
  ['moved away', () => rename(dataDir, `${dataDir}.old`), 'the data folder'],
  ['without its lock', () => rm(filesIn(dataDir).lock), 'lock.db'],
  ['without its database', () => rm(filesIn(dataDir).database), 'drover.db'],
  ['without its write-ahead log', () => rm(`${filesIn(dataDir).database}-wal`), 'drover.db-wal'],
  ['removed and made again', () => rm(dataDir, { recursive: true }).then(() => mkdir(dataDir)), 'the data folder'],
  ['with another database in place', () => putInPlace(filesIn(dataDir).database), 'drover.db'],
];

async function putInPlace(path: string): Promise<void> {
  await writeFile(`${path}.other`, '');
  await rename(`${path}.other`, path);
}

describe('a data folder', () => {
  it('that is as it was is recorded in', async () => {
    const check = rememberFiles(dataDir);
    await guarded(store, check).commit(change);
    check();
  });

  it.each(losses)('%s is noticed before anything more is recorded', async (_, lose, what) => {
    const check = rememberFiles(dataDir);
    await lose();
    const lost = expect.objectContaining({ code: 'dataFolderLost', message: expect.stringContaining(what) });
    expect(check).toThrow(lost);
    await expect(guarded(store, check).commit(change)).rejects.toThrow(lost);
    expect(await store.activities({ limit: 10 })).toEqual([]);
  });
});

it("a controller that lets go does not take another one's socket away", async () => {
  const service = new FakeFleetService({ now: () => 0, story: [], desired: 1, maxSize: 1, dataDir });
  const first = apiOf(service);
  await listen(first, dataDir);
  await rm(socketPath(dataDir));
  const second = createServer().listen(socketPath(dataDir));
  await first.close();
  expect((await stat(socketPath(dataDir))).isSocket()).toBe(true);
  await new Promise((resolve) => second.close(resolve));
});
