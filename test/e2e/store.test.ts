import { execFile } from 'node:child_process';
import { copyFile, mkdir, open, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { backup, DatabaseSync } from 'node:sqlite';
import { promisify } from 'node:util';
import { afterEach, expect, it } from 'vitest';
import { RealFleet } from '../support/fleet.ts';
import { isRunning } from '../support/processes.ts';
import { requires } from '../support/requires.ts';

const run = promisify(execFile);

requires('haproxy')('a fleet whose database fails', () => {
  let fleet: RealFleet | undefined;
  let disk: string | undefined;
  const create = async (...wishes: Parameters<typeof RealFleet.create>) => {
    fleet = await RealFleet.create(...wishes);
    return fleet;
  };

  afterEach(async () => {
    if (disk === undefined) await fleet?.end();
    else await endOnDisk(disk, fleet);
    fleet = undefined;
    disk = undefined;
  });

  const database = (fleet: RealFleet) => join(fleet.dataDir, 'drover.db');
  const serves = async (fleet: RealFleet) => {
    for (let count = 0; count < 10; count += 1) expect((await fetch(fleet.url)).status).toBe(200);
  };
  const ids = (instances: readonly { readonly id: string }[]) => instances.map(({ id }) => id).toSorted();
  const machines = async (fleet: RealFleet) =>
    (await readdir(join(fleet.dataDir, 'providers', 'process'))).filter((name) => name.startsWith('i-')).toSorted();
  /** As docs/store.md says it. */
  const moveAway = async (fleet: RealFleet) => {
    for (const end of ['', '-wal', '-shm'])
      await rename(database(fleet) + end, `${database(fleet)}.bad${end}`).catch(() => undefined);
  };

  it('refuses to run on a damaged one, says what to do, and takes everything over again once it was moved away', async () => {
    const fleet = await create({ desiredCapacity: 3 });
    await fleet.start();
    await fleet.settle(3);
    await fleet.client.setDesiredCapacity('hello', 5);
    const before = await fleet.settle(5);
    const pids = await Promise.all(before.map(({ id }) => fleet.pidOf(id)));
    await fleet.stopController();
    await using file = await open(database(fleet), 'r+');
    await file.write(Buffer.alloc(8_192, 0x5a), 0, 8_192, 4_096);
    await file.close();

    const { code, said } = await fleet.drover('run', '--plain', fleet.fleetFile);
    expect(code).toBe(1);
    expect(said).toContain(database(fleet));
    expect(said).toMatch(/is damaged.*docs\/store\.md/);
    expect(said).not.toMatch(/\n\s+at /);
    await serves(fleet);
    expect(await machines(fleet)).toEqual(ids(before));

    await moveAway(fleet);
    await fleet.start();
    const after = await fleet.settle(5);
    expect(ids(after)).toEqual(ids(before));
    expect(after.map(({ endpoint }) => endpoint)).toEqual(
      expect.arrayContaining(before.map(({ endpoint }) => endpoint)),
    );
    for (const pid of pids) expect(await isRunning(pid)).toBe(true);
    const reasons = (await fleet.activities()).map(({ reason }) => reason);
    expect(reasons.filter((reason) => reason === 'adopted')).toHaveLength(5);
    for (const reason of ['launch', 'launched', 'draining', 'terminating', 'terminated'])
      expect(reasons).not.toContain(reason);
    expect((await fleet.status()).groups[0]?.desired).toBe(5);
    await serves(fleet);
  });

  it('restored from a backup keeps the servers that were launched since, once it is told to look for them', async () => {
    const fleet = await create({ desiredCapacity: 2 });
    await fleet.start();
    await fleet.settle(2);
    const copy = join(fleet.folder, 'backup.db');
    const reader = new DatabaseSync(database(fleet), { readOnly: true });
    await backup(reader, copy);
    reader.close();
    await fleet.client.setDesiredCapacity('hello', 4);
    const before = await fleet.settle(4);
    await fleet.killController();
    await moveAway(fleet);
    await copyFile(copy, database(fleet));
    const writer = new DatabaseSync(database(fleet));
    writer.exec(`update groups set memory = json_set(memory, '$.surveyed', json('false')), digest = null`);
    writer.close();
    await fleet.start();
    expect(ids(await fleet.settle(4))).toEqual(ids(before));
    expect((await fleet.status()).groups[0]?.desired).toBe(4);
  });

  it.runIf(process.getuid?.() === 0)(
    'does nothing that it cannot record on a full disk, says so, and goes on when there is room',
    async () => {
      const fleet = await create({ desiredCapacity: 2 });
      disk = fleet.dataDir;
      await mkdir(disk);
      await run('mount', ['-t', 'tmpfs', '-o', 'size=16m,mode=700', 'tmpfs', disk]);
      await fleet.start();
      const before = await fleet.settle(2);
      await fillUp(disk);
      await writeFile(fleet.desiredFile, '4\n');
      await fleet.until('it says that it cannot record', async () =>
        /full/.test(JSON.stringify((await fleet.status()).groups[0]?.holds)),
      );
      await expect(fleet.client.setDesiredCapacity('hello', 5)).rejects.toMatchObject({ name: 'ApiError' });
      expect(await machines(fleet)).toEqual(ids(before));
      await serves(fleet);
      await rm(join(disk, 'ballast'));
      const after = await fleet.settle(4);
      expect(ids(after)).toEqual(expect.arrayContaining(ids(before)));
      expect(await machines(fleet)).toEqual(ids(after));
    },
  );
});

/** Until not even one more byte fits. */
async function fillUp(folder: string): Promise<void> {
  await using file = await open(join(folder, 'ballast'), 'w');
  for (const bytes of [65_536, 4_096, 1]) {
    for (let full = false; !full; ) {
      full = await file.write(Buffer.alloc(bytes)).then(
        () => false,
        () => true,
      );
    }
  }
}

/** Ends a fleet whose data folder is a mount, which cannot be removed before it is let go of. */
async function endOnDisk(disk: string, fleet: RealFleet | undefined): Promise<void> {
  await rm(join(disk, 'ballast'), { force: true });
  await fleet?.end().catch((error: unknown) => {
    if (!(error instanceof Error && 'code' in error && error.code === 'EBUSY')) throw error;
  });
  await run('umount', ['--lazy', disk]);
  if (fleet !== undefined) await rm(fleet.folder, { recursive: true, force: true });
}
