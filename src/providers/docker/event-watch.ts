import type { Clock } from '../../ports/clock.ts';
import { withDeadline } from '../../ports/deadline.ts';
import { Following } from '../following.ts';
import type { Engine } from './engine.ts';
import { fleetFilter } from './labels.ts';

const RECONNECT = { minMs: 500, maxMs: 30_000 };
/** A connection to a host that has vanished ends by itself only much later. */
const RENEWAL_MS = 300_000;
/** Docker tells of an event a moment before its lists show what has happened: it writes that to the disk between the two, which may take longer. */
const LISTED_AFTER_MS = [300, 1_000, 3_000];
/** Podman filters by names of its own for what it then calls by Docker's: `died` for `die`, `remove` for `destroy`. */
const EVENTS = ['start', 'die', 'died', 'oom', 'destroy', 'remove', 'pause', 'unpause'];

/** Follows the events of the fleet's containers on one engine, and connects again when that ends. */
export function followEvents(
  engine: Pick<Engine, 'use' | 'where'>,
  fleet: string,
  clock: Clock,
  onEvent: () => void,
): Following {
  const filters = { type: ['container' as const], event: EVENTS, label: [fleetFilter(fleet)] };
  const follow = async (abortSignal: AbortSignal, onConnected: () => void): Promise<void> => {
    const stream = await engine.use('following events', (docker) => docker.getEvents({ filters, abortSignal }));
    onConnected();
    // What happened meanwhile is not told again.
    onEvent();
    const { promise, resolve } = Promise.withResolvers<void>();
    stream.on('data', () => {
      onEvent();
      for (const waitMs of LISTED_AFTER_MS) void clock.sleep(waitMs, abortSignal).then(() => onEvent());
    });
    for (const end of ['end', 'close', 'error']) stream.once(end, () => resolve());
    await promise;
  };
  return new Following(
    (signal, onConnected) => withDeadline(clock, RENEWAL_MS, signal, (bounded) => follow(bounded, onConnected)),
    { where: engine.where, clock, wait: RECONNECT },
  );
}
