import { backoffMs, chanceOf } from '../base/backoff.ts';
import type { Facts } from './facts.ts';

/** The wait that goes by tries: the group's own, with chance in it. */
export function waitMs({ snapshot }: Pick<Facts, 'snapshot'>, tries: number): number {
  const { initialBackoffMs, maxBackoffMs } = snapshot.group.launchRetry;
  return backoffMs(tries, { minMs: initialBackoffMs, maxMs: maxBackoffMs }, chanceOf(snapshot.idSeed));
}
