import { existsSync } from 'node:fs';
import { type Account, findAccount } from '../../base/accounts.ts';
import { PortError } from '../../ports/errors.ts';

/** Of util-linux: starts a program as another user. */
export const SETPRIV = '/usr/bin/setpriv';

/**
 * The user that servers are to run as.
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
  const account = await findAccount(name);
  if (account !== null) return account;
  throw new PortError('Invalid', 'noUser', `There is no user ${name} on this host: create it, or correct user.`);
}

/** The command as that user, with the user's groups, and without a way back to more rights. setpriv becomes the program. */
export function asUser({ name, groupId }: Account, command: readonly string[]): readonly string[] {
  return [SETPRIV, `--reuid=${name}`, `--regid=${groupId}`, '--init-groups', '--no-new-privs', '--', ...command];
}
