import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { DEFAULT_HISTORY } from '../model/fleet.ts';
import { openRecordedMetrics } from './recorded-metrics.ts';
import { openSqliteStore } from './sqlite.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const NOW = Date.UTC(2026, 10, 23, 8);

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'drover-recorded-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

it('gives minutes, and hours for what is long ago, also while the store is open', async () => {
  const path = join(folder, 'drover.db');
  const store = await openSqliteStore({ path });
  try {
    const record = (at: number, value: number, group = 'web') =>
      store.recordMetrics(at, [{ group, metric: 'requests', value }]);
    await record(NOW - 10 * 24 * HOUR, 4);
    await record(NOW - 10 * 24 * HOUR + MINUTE, 6);
    await record(NOW, 7);
    await record(NOW, 9);
    await record(NOW + MINUTE, 3);
    await record(NOW, 1_000, 'other');
    await store.prune(DEFAULT_HISTORY);
    const recorded = openRecordedMetrics(path);
    expect(await recorded.metric('web', 'requests')).toEqual({
      hours: [{ at: NOW - 10 * 24 * HOUR, value: 5 }],
      minutes: [
        { at: NOW, value: 8 },
        { at: NOW + MINUTE, value: 3 },
      ],
    });
    expect(await recorded.metric('web', 'cpu')).toEqual({ hours: [], minutes: [] });
    await recorded.close();
  } finally {
    await store.close();
  }
});

it('makes no store where there is none', () => {
  expect(() => openRecordedMetrics(join(folder, 'none.db'))).toThrow('cannot be opened');
});
