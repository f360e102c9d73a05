import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Store } from '../../src/ports/store.ts';
import { openSqliteStore } from '../../src/store/sqlite.ts';
import { describeStoreConformance } from './store.ts';

describeStoreConformance('SQLite in memory', async () => {
  const database = new DatabaseSync(':memory:');
  return {
    open: () => openSqliteStore({ database }),
    remove: async () => database.close(),
  };
});

describeStoreConformance('SQLite on disk', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'drover-store-'));
  const stores: Store[] = [];
  return {
    open: async () => {
      const store = await openSqliteStore({ path: join(folder, 'data', 'drover.db') });
      stores.push(store);
      return store;
    },
    remove: async () => {
      for (const store of stores) await store.close();
      await rm(folder, { recursive: true });
    },
  };
});
