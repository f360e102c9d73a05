/** What a change of an instance's state makes the store write, where instances change in another order than they were made. */

import { mkdtempDisposable, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Instance } from '../../../src/model/instance.ts';
import { openSqliteStore } from '../../../src/store/sqlite.ts';
import { snapshotOf } from '../../support/snapshot.ts';

const INSTANCES = 2_000;
const IN_A_COMMIT = 50;
/** A record is some 700 bytes: in the write-ahead log, in the database, and what of an index goes with it. */
const MAX_BYTES_A_CHANGE = 8_000;

/** Bytes that this process has written so far. */
async function written(): Promise<number> {
  return Number(/^wchar: (\d+)$/m.exec(await readFile('/proc/self/io', 'utf8'))?.[1]);
}

it('is a few times its record', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'drover-commits-'));
  const store = await openSqliteStore({ path: join(folder.path, 'drover.db') });
  const commit = (instances: readonly Instance[]) => store.commit({ memory: null, instances, activities: [] });
  const ids = Array.from({ length: INSTANCES }, (_, index) => `i-${`${index}`.padStart(17, '0')}`);
  const { instances } = snapshotOf(ids.map((id) => ({ id })));
  await commit(instances.map((one) => ({ ...one, machine: null })));
  const before = await written();
  // Those of one commit are far apart.
  const commits = INSTANCES / IN_A_COMMIT;
  for (let first = 0; first < commits; first += 1) {
    await commit(instances.filter((_, index) => index % commits === first));
  }
  expect(((await written()) - before) / INSTANCES).toBeLessThan(MAX_BYTES_A_CHANGE);
  await store.close();
});
