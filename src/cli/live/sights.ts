import type { ActivityLevel, StoredActivity } from '../../model/activity.ts';
import type { FleetStatus } from '../../views/status.ts';

/** What a view looks at: the API's client, or a controller in the same process. */
export interface FleetSource {
  status(signal: AbortSignal): FleetStatus | Promise<FleetStatus>;
  activities(filter: SourceFilter, signal: AbortSignal): Promise<readonly StoredActivity[]>;
}

export interface SourceFilter {
  readonly group?: string;
  readonly instanceId?: string;
  readonly level?: ActivityLevel;
  readonly afterSequence?: number;
  readonly limit: number;
}

/** Time, as far as a view needs it. */
export interface ViewClock {
  now(): number;
  sleep(delayMs: number, signal?: AbortSignal): Promise<void>;
}

export type Sight =
  | { readonly kind: 'seen'; readonly status: FleetStatus; readonly fresh: readonly StoredActivity[] }
  /** The source did not answer. The next sight tries again. */
  | { readonly kind: 'lost'; readonly error: Error };

/** Between two questions whether there is a new activity: a view is never redrawn more often. */
const lookIntervalMs = 200;
/** A status is shown at least so often, as traffic goes on without activities. */
const statusIntervalMs = 1_000;
const maxFreshActivities = 500;

/**
 * Looks at a fleet until the signal aborts: at once, whenever something was recorded, and each second. Asking for new
 * activities is cheap, a status of thousands of targets is not; so the first decides when to ask for the second.
 *
 * @param afterSequence the first sight's activities are those recorded after it; undefined for the newest
 * @param needsStatus whether the status is looked at; where it is not, each sight has the one that was known last
 */
export async function* sights(
  source: FleetSource,
  clock: ViewClock,
  signal: AbortSignal,
  afterSequence?: number,
  needsStatus: () => boolean = () => true,
): AsyncGenerator<Sight, void, void> {
  let after = afterSequence;
  let shownAt = Number.NEGATIVE_INFINITY;
  let status: FleetStatus | null = null;
  while (!signal.aborted) {
    const known = needsStatus() ? null : status;
    const isDue = known === null && clock.now() - shownAt >= statusIntervalMs;
    const sight = await look(source, signal, after, isDue, known);
    if (signal.aborted) return;
    if (sight !== null) {
      shownAt = clock.now();
      if (sight.kind === 'seen') {
        after = sight.fresh.at(-1)?.sequence ?? after;
        status = sight.status;
      }
      yield sight;
    }
    await clock.sleep(lookIntervalMs, signal);
  }
}

async function look(
  source: FleetSource,
  signal: AbortSignal,
  after: number | undefined,
  due: boolean,
  known: FleetStatus | null,
) {
  try {
    const since = after === undefined ? {} : { afterSequence: after };
    const fresh = await source.activities({ ...since, limit: maxFreshActivities }, signal);
    if (!due && fresh.length === 0) return null;
    return { kind: 'seen', status: known ?? (await source.status(signal)), fresh } as const;
  } catch (error) {
    return { kind: 'lost', error: error instanceof Error ? error : new Error(String(error)) } as const;
  }
}
