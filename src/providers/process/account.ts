import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { promisify } from 'node:util';
import { PortError } from '../../ports/errors.ts';

const run = promisify(execFile);

const SETPRIV = '/usr/bin/setpriv';
const LOOKUP_TIMEOUT_MS = 10_000;

/** A user of the host that servers run as. */
export interface Account {
  readonly name: string;
  readonly userId: number;
  readonly groupId: number;
  readonly home: string;
}

/**
 * @throws PortError `Invalid` for a user that does not exist, and where Drover may not start programs as another one; `Unsupported`
 *   without setpriv
 */
export async function accountOf(name: string): Promise<Account> {
  if (process.geteuid?.() !== 0) {
    const message = `Servers can run as the user ${name} only where Drover runs as root: leave user out, or start Drover as ${name}.`;
    throw new PortError('Invalid', 'notRoot', message);
  }
  if (!existsSync(SETPRIV)) {
    throw new PortError('Unsupported', 'noSetpriv', `${SETPRIV} of util-linux is missing, which user needs.`);
  }
  const entry = await run('getent', ['passwd', name], { timeout: LOOKUP_TIMEOUT_MS }).then(
    ({ stdout }) => stdout,
    () => '',
  );
  const [found = '', , userId, groupId, , home = '/'] = entry.trim().split(':');
  if (userId === undefined || groupId === undefined) {
    throw new PortError('Invalid', 'noUser', `There is no user ${name} on this host: create it, or correct user.`);
  }
  return { name: found, userId: Number(userId), groupId: Number(groupId), home };
}

/** The command as that user, with the user's groups, and without a way back to more rights. setpriv becomes the program. */
export function asUser({ name, groupId }: Account, command: readonly string[]): readonly string[] {
  return [SETPRIV, `--reuid=${name}`, `--regid=${groupId}`, '--init-groups', '--no-new-privs', '--', ...command];
}
