import { join } from 'node:path';
import { FileError, openToReplace, readBounded } from '../../base/files.ts';
import { Serial } from '../../base/serial.ts';
import type { RunTool } from './hypervisor.ts';

/** In the data folder; its name is none of a machine's. */
const FILE = '.networks';
const MAX_BYTES = 64 * 1024;
const UUID = /^[0-9a-f-]{36}$/;

/**
 * Networks that vagrant-libvirt has made. It notes each with the machine that was first in it, and forgets it when that machine is destroyed
 * while others are in it. Here they are noted until nobody is.
 */
export class LeftNetworks {
  readonly #folder: string;
  readonly #virsh: (signal: AbortSignal, ...words: readonly string[]) => Promise<string>;
  readonly #turns = new Serial();

  constructor(folder: string, uri: string, run: RunTool) {
    this.#folder = folder;
    this.#virsh = (signal, ...words) => run(['virsh', '--quiet', '--connect', uri, ...words], signal);
  }

  /** Takes over what a machine that is destroyed has left, and removes what nobody uses. @throws PortError */
  sweep(machineFolder: string, name: string, signal: AbortSignal): Promise<void> {
    return this.#turns.run(async () => {
      const own = await uuidsIn(join(machineFolder, '.vagrant', 'machines', name, 'libvirt', 'created_networks'));
      const file = join(this.#folder, FILE);
      const noted = await uuidsIn(file);
      const all = [...new Set([...noted, ...own])];
      if (all.length === 0) return;
      // First of all: the folder that says it goes next.
      await write(file, all);
      const left: string[] = [];
      for (const uuid of all) if (!(await this.#remove(uuid, signal))) left.push(uuid);
      await write(file, left);
    });
  }

  /** Whether it is gone. */
  async #remove(uuid: string, signal: AbortSignal): Promise<boolean> {
    const known = (await this.#virsh(signal, 'net-list', '--all', '--uuid')).split('\n').map((line) => line.trim());
    if (!known.includes(uuid)) return true;
    if (/<network[^>]* connections=/.test(await this.#virsh(signal, 'net-dumpxml', uuid))) return false;
    const active = (await this.#virsh(signal, 'net-list', '--uuid')).includes(uuid);
    if (active) await this.#virsh(signal, 'net-destroy', uuid);
    await this.#virsh(signal, 'net-undefine', uuid);
    return true;
  }
}

async function uuidsIn(path: string): Promise<readonly string[]> {
  try {
    const { bytes } = await readBounded(path, { maxBytes: MAX_BYTES, noFollow: true });
    return bytes
      .toString()
      .split('\n')
      .filter((line) => UUID.test(line));
  } catch (error) {
    if (error instanceof FileError && error.code === 'absent') return [];
    throw error;
  }
}

async function write(path: string, uuids: readonly string[]): Promise<void> {
  await using file = await openToReplace(path);
  await file.writeFile(uuids.map((uuid) => `${uuid}\n`).join(''));
  await file.sync();
}
