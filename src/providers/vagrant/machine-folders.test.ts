import { chmod, mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MachineFolders } from './machine-folders.ts';
import type { MachineRecord } from './record.ts';

const record: MachineRecord = {
  fleet: 'shop',
  group: 'web',
  instanceId: 'i-1',
  name: 'shop-i-1',
  vagrantProvider: 'docker',
  network: null,
  address: null,
  launchedAt: 1,
  state: 'launching',
  detail: '',
};

describe('MachineFolders', () => {
  let dataDir: string;
  let folders: MachineFolders;

  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'drover-vagrant-folders-'));
    folders = new MachineFolders(dataDir);
  });
  afterEach(() => rm(dataDir, { recursive: true }));

  it('gives back what it was given, and nothing once it is removed', async () => {
    await folders.write(record);
    expect(await folders.read('i-1')).toEqual(record);
    expect(await folders.all()).toEqual([record]);
    await folders.remove('i-1');
    expect(await folders.read('i-1')).toBeNull();
    expect(await folders.all()).toEqual([]);
  });

  it('trusts no folder that others may change, and none that is a link', async () => {
    await folders.write(record);
    const folder = join(dataDir, 'i-1');
    await chmod(folder, 0o770);
    await expect(folders.all()).rejects.toMatchObject({ reaction: 'Invalid', code: 'machineFolder' });
    await expect(folders.write(record)).rejects.toMatchObject({ code: 'machineFolder' });
    await chmod(folder, 0o700);
    await rename(folder, join(dataDir, '.elsewhere'));
    await symlink(join(dataDir, '.elsewhere'), folder);
    await expect(folders.read('i-1')).rejects.toMatchObject({ code: 'machineFolder' });
  });

  it("refuses a record of another folder's, and takes a folder without one for no machine", async () => {
    await folders.write(record);
    await writeFile(join(dataDir, 'i-1', 'machine.json'), JSON.stringify({ ...record, instanceId: 'i-2' }));
    await expect(folders.read('i-1')).rejects.toMatchObject({ code: 'machineFolder' });
    await rm(join(dataDir, 'i-1'), { recursive: true });
    await mkdir(join(dataDir, 'i-3'), { mode: 0o777 });
    expect(await folders.all()).toEqual([]);
  });

  it('sweeps up what was half removed', async () => {
    await mkdir(join(dataDir, '.i-1.ended'));
    await folders.sweep();
    expect(await folders.all()).toEqual([]);
    await expect(rename(join(dataDir, '.i-1.ended'), join(dataDir, 'x'))).rejects.toThrow();
  });
});
