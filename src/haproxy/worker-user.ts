import { geteuid } from 'node:process';
import { type Account, findAccount } from '../base/accounts.ts';
import { PortError } from '../ports/errors.ts';

/**
 * The user that HAProxy's workers become once they have their listeners and sockets; the master, which makes those for each worker, stays
 * root. It is looked up once for each name: a program is asked.
 */
export class WorkerUser {
  #found: { readonly asked: string; readonly account: Account } | null = null;

  /** @throws PortError `Invalid` for a user that does not exist, and where Drover is not root and so cannot start HAProxy as another one */
  async account(name: string | null): Promise<Account | null> {
    if (name === null) return null;
    if (this.#found?.asked === name) return this.#found.account;
    if (geteuid?.() !== 0) {
      const message = `HAProxy can run as the user ${name} only where Drover runs as root: leave user out, or start Drover as ${name}`;
      throw new PortError('Invalid', 'notRoot', message);
    }
    const account = await findAccount(name);
    if (account === null) {
      throw new PortError('Invalid', 'noUser', `there is no user ${name} on this host: create it, or correct user`);
    }
    this.#found = { asked: name, account };
    return account;
  }
}
