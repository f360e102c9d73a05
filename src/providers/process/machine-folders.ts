import { mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { FileError, openToReplace, readBounded } from '../../base/files.ts';
import { PortError } from '../../ports/errors.ts';
import { isUsableId, type MachineRecord, machineRecord } from './record.ts';

const RECORD = 'machine.json';
/** A command and its environment can be no longer than a few MiB. */
const MAX_RECORD_BYTES = 16 * 1024 * 1024;

/**
 * One folder a machine: `<dataDir>/<instanceId>/`, private to the user, with `machine.json` and the log. A folder without a
 * record is no machine; one on its way out has a name that begins with a dot.
 */
export class MachineFolders {
  readonly #dataDir: string;
  /** Records that will not change any more, so that a list of thousands of machines need not read them again. */
  readonly #settled = new Map<string, MachineRecord>();

  constructor(dataDir: string) {
    this.#dataDir = dataDir;
  }

  /** Where a machine's files are. */
  path(instanceId: string, file = ''): string {
    return join(this.#dataDir, instanceId, file);
  }

  /** Every record in the data folder, of whichever fleet. */
  async all(): Promise<readonly MachineRecord[]> {
    const names = (await readdir(this.#dataDir)).filter(isUsableId);
    const present = new Set(names);
    for (const id of this.#settled.keys()) if (!present.has(id)) this.#settled.delete(id);
    const records: MachineRecord[] = [];
    for (const name of names) {
      const record = this.#settled.get(name) ?? (await this.read(name));
      if (record !== null) records.push(record);
    }
    return records;
  }

  /** The record of a machine that was started, as it was read last; null for any other. */
  known(instanceId: string): MachineRecord | null {
    return this.#settled.get(instanceId) ?? null;
  }

  /** The record on disk; null when there is none. @throws PortError `Invalid` when it cannot be understood. */
  async read(instanceId: string): Promise<MachineRecord | null> {
    const path = this.path(instanceId, RECORD);
    let text: string;
    try {
      text = (await readBounded(path, { maxBytes: MAX_RECORD_BYTES, noFollow: true })).bytes.toString();
    } catch (error) {
      if (error instanceof FileError && error.code !== 'absent') throw unusable(path, error);
      if (!(error instanceof FileError)) throw error;
      this.#settled.delete(instanceId);
      return null;
    }
    return this.#settle(parse(text, path, instanceId));
  }

  /** Makes or replaces a record. It is durable when this resolves; after a crash in the middle the one before is there. */
  async write(record: MachineRecord): Promise<void> {
    const path = this.path(record.instanceId, RECORD);
    await mkdir(this.path(record.instanceId), { recursive: true, mode: 0o700 });
    await writeDurably(`${path}.tmp`, record);
    await rename(`${path}.tmp`, path);
    await syncFolder(this.path(record.instanceId));
    await syncFolder(this.#dataDir);
    this.#settle(record);
  }

  async remove(instanceId: string): Promise<void> {
    const leaving = this.path(`.${instanceId}.ended`);
    await rename(this.path(instanceId), leaving);
    this.#settled.delete(instanceId);
    await rm(leaving, { recursive: true, force: true });
  }

  /** Deletes what a controller that was killed left half removed. */
  async sweep(): Promise<void> {
    const names = (await readdir(this.#dataDir)).filter((name) => /^\..+\.ended$/.test(name));
    for (const name of names) await rm(this.path(name), { recursive: true, force: true });
  }

  #settle(record: MachineRecord): MachineRecord {
    if (record.process !== null) this.#settled.set(record.instanceId, record);
    return record;
  }
}

function unusable(path: string, cause: FileError): PortError {
  const message = `${path} cannot be read: ${cause.message}. End its server if it still runs, then delete its folder.`;
  return new PortError('Invalid', 'machineRecord', message, { cause });
}

function parse(text: string, path: string, instanceId: string): MachineRecord {
  try {
    // A record names the folder that is removed with its machine: it may only be its own.
    return machineRecord.extend({ instanceId: z.literal(instanceId) }).parse(JSON.parse(text));
  } catch (cause) {
    const message = `${path} cannot be understood. End its server if it still runs, then delete its folder.`;
    throw new PortError('Invalid', 'machineRecord', message, { cause });
  }
}

async function writeDurably(path: string, record: MachineRecord): Promise<void> {
  await using file = await openToReplace(path);
  await file.writeFile(`${JSON.stringify(record, null, 2)}\n`);
  await file.sync();
}

async function syncFolder(path: string): Promise<void> {
  await using folder = await open(path, 'r');
  await folder.sync();
}
