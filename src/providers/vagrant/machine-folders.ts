import { lstat, mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { geteuid } from 'node:process';
import { z } from 'zod';
import { FileError, openToReplace, readBounded } from '../../base/files.ts';
import { PortError } from '../../ports/errors.ts';
import { isUsableId, type MachineRecord, machineRecord } from './record.ts';

const RECORD = 'machine.json';
const MAX_RECORD_BYTES = 64 * 1024;
const OTHERS = 0o077;

/**
 * One folder a machine: `<dataDir>/<instanceId>/`, private to the user, with `machine.json` and what Vagrant needs and keeps. Vagrant runs what
 * is in it, so a folder is used only where it is this user's and nobody else can reach into it.
 */
export class MachineFolders {
  readonly #dataDir: string;

  constructor(dataDir: string) {
    this.#dataDir = dataDir;
  }

  /** Where a machine's files are. */
  path(instanceId: string, ...parts: readonly string[]): string {
    return join(this.#dataDir, instanceId, ...parts);
  }

  /** Every record in the data folder, of whichever fleet. */
  async all(): Promise<readonly MachineRecord[]> {
    const records: MachineRecord[] = [];
    for (const name of (await readdir(this.#dataDir)).filter(isUsableId)) {
      const record = await this.read(name);
      if (record !== null) records.push(record);
    }
    return records;
  }

  /** Null when there is none. @throws PortError `Invalid` when it is not ours, or cannot be understood */
  async read(instanceId: string): Promise<MachineRecord | null> {
    const path = this.path(instanceId, RECORD);
    try {
      const { bytes } = await readBounded(path, { maxBytes: MAX_RECORD_BYTES, noFollow: true });
      await this.#refuseForeign(instanceId);
      // A record names the folder that is removed with its machine: it may only be its own.
      return machineRecord.extend({ instanceId: z.literal(instanceId) }).parse(JSON.parse(bytes.toString()));
    } catch (error) {
      if (error instanceof PortError) throw error;
      if (error instanceof FileError && error.code === 'absent') return null;
      if (error instanceof FileError) throw unusable(path, `cannot be read: ${error.message}`, error);
      if (error instanceof z.ZodError || error instanceof SyntaxError)
        throw unusable(path, 'cannot be understood', error);
      throw error;
    }
  }

  /** Makes or replaces a record. It is durable when this resolves; after a crash in the middle the one before is there. */
  async write(record: MachineRecord): Promise<void> {
    const { instanceId } = record;
    const path = this.path(instanceId, RECORD);
    await mkdir(this.path(instanceId), { recursive: true, mode: 0o700 });
    await this.#refuseForeign(instanceId);
    await this.writeFile(instanceId, `${RECORD}.tmp`, `${JSON.stringify(record, null, 2)}\n`);
    await rename(`${path}.tmp`, path);
    for (const folder of [this.path(instanceId), this.#dataDir]) {
      await using handle = await open(folder, 'r');
      await handle.sync();
    }
  }

  /** A file of a machine's, for this user alone. */
  async writeFile(instanceId: string, name: string, content: string): Promise<void> {
    await using file = await openToReplace(this.path(instanceId, name));
    await file.writeFile(content);
    await file.sync();
  }

  /** Whether Vagrant has begun to work on a machine. */
  async hasVagrantState(instanceId: string): Promise<boolean> {
    const names = await readdir(this.path(instanceId));
    return names.includes('.vagrant');
  }

  async removeFile(instanceId: string, name: string): Promise<void> {
    await rm(this.path(instanceId, name), { force: true });
  }

  async remove(instanceId: string): Promise<void> {
    const leaving = this.path(`.${instanceId}.ended`);
    await rename(this.path(instanceId), leaving);
    await rm(leaving, { recursive: true, force: true });
  }

  /** Deletes what a controller that was killed left half removed. */
  async sweep(): Promise<void> {
    const names = (await readdir(this.#dataDir)).filter((name) => /^\..+\.ended$/.test(name));
    for (const name of names) await rm(this.path(name), { recursive: true, force: true });
  }

  /** @throws PortError `Invalid` for a link, and for a folder that others own or may change */
  async #refuseForeign(instanceId: string): Promise<void> {
    const path = this.path(instanceId);
    const stat = await lstat(path).catch((error: unknown) => {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
      throw error;
    });
    if (stat === null) return;
    const isOurs = stat.isDirectory() && (stat.mode & OTHERS) === 0 && stat.uid === geteuid?.();
    if (!isOurs) throw unusable(path, 'is not a folder that belongs to this user alone (mode 0700)');
  }
}

function unusable(path: string, why: string, cause?: Error): PortError {
  const message = `${path} ${why}. Look into it; end its machine with Vagrant if there is one, then delete the folder.`;
  return new PortError('Invalid', 'machineFolder', message, { cause });
}
