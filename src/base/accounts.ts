import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

const LOOKUP_TIMEOUT_MS = 10_000;

/** A user of the host, whom programs may run as. */
export interface Account {
  readonly name: string;
  readonly userId: number;
  /** Of the user's own group. */
  readonly groupId: number;
  readonly home: string;
}

/** By name or number, also of a directory service that the host asks; null where there is no such user. */
export async function findAccount(name: string): Promise<Account | null> {
  const entry = await run('getent', ['passwd', name], { timeout: LOOKUP_TIMEOUT_MS }).then(
    ({ stdout }) => stdout,
    () => '',
  );
  const [found = '', , userId, groupId, , home = '/'] = entry.trim().split(':');
  if (userId === undefined || groupId === undefined) return null;
  return { name: found, userId: Number(userId), groupId: Number(groupId), home };
}
