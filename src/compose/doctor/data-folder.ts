import { statSync } from 'node:fs';
import { access, constants, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { geteuid } from 'node:process';
import { formatByteSize } from '../../base/byte-size.ts';
import { reasonOf } from '../../base/quoted.ts';
import { whyUntrusted } from '../../base/trusted-path.ts';
import type { Finding } from '../../model/finding.ts';

const MIB = 1024 * 1024;
/** For some days of records and logs of a small fleet. */
const LITTLE_BYTES = 1024 * MIB;
/** Some minutes of a busy one. */
const TOO_LITTLE_BYTES = 64 * MIB;
const FEW_FILES = 1_000;

/** By the numbers that the kernel gives to kinds of file systems (statfs(2)). */
const ON_A_NETWORK: ReadonlyMap<number, string> = new Map([
  [0x6969, 'NFS'],
  [0xff534d42, 'CIFS'],
  [0xfe534d42, 'SMB'],
  [0x517b, 'SMB'],
  [0x01021997, '9p'],
  [0x00c36400, 'Ceph'],
  [0x65735546, 'FUSE'],
]);
const IN_MEMORY: ReadonlyMap<number, string> = new Map([
  [0x01021994, 'tmpfs'],
  [0x858458f6, 'ramfs'],
]);

/** Its rights, owner, space and kind of file system; of one that is not there, those of the folder that it would be made in. */
export async function examineDataFolder(dataDir: string): Promise<readonly Finding[]> {
  const untrusted = whyUntrusted(dataDir);
  if (untrusted !== null) {
    const remedy =
      'Use a folder that Drover makes itself, in a folder of yours (--data), or close this one (chmod 700, chown).';
    return [{ level: 'error', message: `${dataDir} is not safe to use: ${untrusted}.`, remedy }];
  }
  const there = firstThatIs(dataDir);
  const owner = statSync(dataDir, { throwIfNoEntry: false })?.uid;
  if (owner !== undefined && owner !== geteuid?.()) {
    const message = `${dataDir} belongs to the user with id ${owner}, and this command is run by the one with id ${geteuid?.()}.`;
    return [{ level: 'error', message, remedy: "Run this command, and Drover, as the folder's owner." }];
  }
  try {
    await access(there, constants.W_OK | constants.X_OK);
  } catch (error) {
    const message = `${there} cannot be written to: ${reasonOf(error)}.`;
    return [{ level: 'error', message, remedy: 'Give this user the right to, or choose another folder with --data.' }];
  }
  const room = await roomIn(there);
  if (room.length > 0) return room;
  const message =
    there === dataDir
      ? `${dataDir} is private, and has room.`
      : `${dataDir} is not there yet: it is made by \`drover run\`.`;
  return [{ level: 'ok', message, remedy: null }];
}

function firstThatIs(path: string): string {
  return statSync(path, { throwIfNoEntry: false }) === undefined && path !== dirname(path)
    ? firstThatIs(dirname(path))
    : path;
}

async function roomIn(folder: string): Promise<readonly Finding[]> {
  const { type, bavail, bsize, ffree, files } = await statfs(folder);
  const findings: Finding[] = [];
  const bytes = bavail * bsize;
  if (bytes < LITTLE_BYTES) {
    const level = bytes < TOO_LITTLE_BYTES ? 'error' : 'warning';
    const room = formatByteSize(Math.floor(bytes / MIB) * MIB);
    const message = `The file system of ${folder} has ${room} left: without room Drover records nothing, and so does nothing.`;
    findings.push({ level, message, remedy: 'Make room, or choose a data folder on another disk with --data.' });
  }
  // Some kinds of file systems do not count.
  if (files > 0 && ffree < FEW_FILES) {
    const message = `The file system of ${folder} can have ${ffree} more files.`;
    findings.push({ level: 'warning', message, remedy: 'Remove files that are not needed, or choose another disk.' });
  }
  const network = ON_A_NETWORK.get(type);
  if (network !== undefined) {
    const message = `${folder} is on ${network}: locks and sockets may not work there, and a controller stands still while it cannot be reached.`;
    findings.push({ level: 'warning', message, remedy: 'Choose a data folder on a local disk with --data.' });
  }
  const memory = IN_MEMORY.get(type);
  if (memory !== undefined) {
    const message = `${folder} is in memory (${memory}): what Drover knows of its servers is lost when the host starts anew.`;
    findings.push({ level: 'warning', message, remedy: 'Choose a data folder on a disk with --data.' });
  }
  return findings;
}
