import { hash } from 'node:crypto';

/**
 * SQLite finds much of what can happen to a file, and not all: a letter that was changed inside a record, or pages of an older
 * state beside those of a newer one, still make a database. So each row that Drover acts on carries a digest of what it holds, and
 * the database keeps their sum for each group, by triggers, in the same transaction. Not against people: against disks.
 */
const DIGEST_BYTES = 6;

/** What the sum is taken by: the sum of two digests is still a whole number for everybody. */
export const DIGEST_MODULUS = 2 ** (8 * DIGEST_BYTES);

/** Of one row, a whole number below `DIGEST_MODULUS`. */
export function digestOf(key: string, record: string): number {
  return hash('sha256', `${key}\n${record}`, 'buffer').readUIntBE(0, DIGEST_BYTES);
}

export function digestSum(digests: readonly (number | null)[]): number {
  return digests.reduce<number>((sum, digest) => (sum + (digest ?? 0)) % DIGEST_MODULUS, 0);
}
