import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openSqliteStore } from './sqlite.ts';

const WRITER = fileURLToPath(new URL('../../test/support/fixtures/commit-forever.ts', import.meta.url));

describe('a process that is killed while it commits', () => {
  it.each([1, 25, 60])('leaves every commit that it was told of (killed after %d)', async (killedAfter) => {
    const folder = await mkdtemp(join(tmpdir(), 'drover-crash-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const path = join(folder, 'drover.db');
    const child = spawn(process.execPath, [WRITER, path], { stdio: ['ignore', 'pipe', 'inherit'] });
    onTestFinished(() => void child.kill('SIGKILL'));
    const closed = once(child, 'close');
    let acknowledged = 0;
    for await (const line of createInterface({ input: child.stdout })) {
      acknowledged = Number(line);
      if (acknowledged === killedAfter) child.kill('SIGKILL');
    }
    await closed;

    const store = await openSqliteStore({ path });
    const { groups, instances } = await store.load();
    const activities = await store.activities({ limit: 100_000 });
    await store.close();
    const ids = Array.from({ length: instances.length }, (_, index) => `i-${index + 1}`);
    expect(acknowledged).toBeGreaterThanOrEqual(killedAfter);
    expect(instances.length - acknowledged).toBeOneOf([0, 1]);
    expect(instances.map(({ id }) => id)).toEqual(ids);
    expect(activities.map(({ message }) => message)).toEqual(ids);
    expect(groups.get('web')?.desired).toBe(instances.length);
  });
});
