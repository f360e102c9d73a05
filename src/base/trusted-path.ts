/** Whether what a path leads to can have been put there by root and this user alone. */

import { lstatSync, readlinkSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { geteuid } from 'node:process';
import { isPrivateGroup } from './private-group.ts';

const ROOT = 0;
const GROUP_WRITES = 0o020;
const OTHERS_WRITE = 0o002;
const STICKY = 0o1000;
/** As many as Linux follows. */
const MAX_LINKS = 40;

/**
 * Why somebody else could change what a path leads to, as a part of a sentence; null if nobody can. Every folder and every symbolic link on the way
 * counts, from the root on, as far as there is one.
 * @throws the system's errors
 */
export function whyUntrusted(path: string, linksLeft = MAX_LINKS, isOnTheWay = false): string | null {
  const parent = dirname(path);
  const why = parent === path ? null : whyUntrusted(parent, linksLeft, true);
  if (why !== null) return why;
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return null;
  if (stat.uid !== ROOT && stat.uid !== geteuid?.()) return `${path} belongs to the user with id ${stat.uid}`;
  if (stat.isSymbolicLink()) {
    if (linksLeft === 0) return `${path} is one symbolic link too many`;
    return whyUntrusted(resolve(parent, readlinkSync(path)), linksLeft - 1, isOnTheWay);
  }
  // Where the sticky bit is set (/tmp), nobody can rename or remove what is another user's; but anybody can add to it.
  if ((stat.mode & STICKY) !== 0 && isOnTheWay) return null;
  if ((stat.mode & OTHERS_WRITE) !== 0) return `every user can write to ${path}`;
  if ((stat.mode & GROUP_WRITES) !== 0 && !isPrivateGroup(stat.gid)) {
    return `the group with id ${stat.gid} can write to ${path}`;
  }
  return null;
}
