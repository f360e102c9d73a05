import type { Clock } from '../ports/clock.ts';
import type { Loops } from './loops.ts';

/** How often it is checked, on the way down, whether everything is terminated. */
const DOWN_POLL_MS = 100;

export interface ComingDown {
  readonly loops: Pick<Loops, 'groups' | 'running'>;
  readonly clock: Clock;
  /** Whether there is one at all. */
  readonly fleet: { readonly isKnown: boolean };
  /** Called once all servers are gone. */
  readonly endLoadBalancers: () => void;
}

/** Resolves when nothing of the fleet is left: the servers go first, then the load balancers. */
export async function untilDown(
  { loops, clock, fleet, endLoadBalancers }: ComingDown,
  signal: AbortSignal,
): Promise<void> {
  const until = async (isSo: () => boolean) => {
    while (!isSo() && !signal.aborted) await clock.sleep(DOWN_POLL_MS, signal);
  };
  await until(() => loops.groups.every((loop) => loop.isEmpty));
  endLoadBalancers();
  await until(() => {
    const { loadBalancers, hasListed } = loops.running;
    return !fleet.isKnown || (hasListed && loadBalancers.size === 0);
  });
}
