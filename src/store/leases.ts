import type { Kysely } from 'kysely';
import { PortError } from '../ports/errors.ts';
import type { Tables } from './schema.ts';

/**
 * Notes under which lease groups are changed. The row of each is written every time, so that nobody else can take the group over before this
 * transaction has ended; there is one for each group, so that nobody waits who changes another one.
 * @throws PortError `leaseLost` when one of them was changed under a later lease
 */
export async function holdLease(db: Kysely<Tables>, groups: ReadonlySet<string>, epoch: number): Promise<void> {
  // In one order, so that two that change the same groups do not wait for each other.
  for (const name of [...groups].toSorted()) {
    const { numInsertedOrUpdatedRows } = await db
      .insertInto('group_leases')
      .values({ group_name: name, epoch })
      .onConflict((conflict) =>
        conflict.column('group_name').doUpdateSet({ epoch }).where('group_leases.epoch', '<=', epoch),
      )
      .executeTakeFirstOrThrow();
    if (numInsertedOrUpdatedRows === 0n) {
      throw new PortError('Invalid', 'leaseLost', `another controller has taken group ${name} over since`);
    }
  }
}
