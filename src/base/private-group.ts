import { readFileSync } from 'node:fs';
import { getegid } from 'node:process';

/**
 * Whether a group is this user's alone, as many systems make one for each user: to it a group's right to write gives nothing away.
 * Only what is in `/etc/passwd` and `/etc/group` counts; a group that is not there may have any number of members.
 */
export function isPrivateGroup(gid: number): boolean {
  if (gid !== getegid?.()) return false;
  const users = entries('/etc/passwd').filter(([, , , primary]) => Number(primary) === gid);
  const group = entries('/etc/group').find(([, , id]) => Number(id) === gid);
  const [user, another] = users;
  if (group === undefined || user === undefined || another !== undefined) return false;
  return (group[3] ?? '').split(',').every((member) => member === '' || member === user[0]);
}

function entries(path: string): string[][] {
  try {
    return readFileSync(path, 'utf8')
      .split('\n')
      .map((line) => line.split(':'));
  } catch {
    return [];
  }
}
