import type { RequestWindow } from '../decide/snapshot.ts';
import type { TargetGroup } from '../model/fleet.ts';
import type { InstanceId } from '../model/instance.ts';
import type { TargetGroupObservation, Traffic } from '../model/observation.ts';

/** A window that took more than so many intervals covers a time without observations. */
const MAX_INTERVALS = 3;

interface Counting {
  readonly sinceMs: number;
  readonly counters: ReadonlyMap<InstanceId, RequestWindow>;
  readonly windows: ReadonlyMap<InstanceId, readonly RequestWindow[]>;
}

type Windows = ReadonlyMap<InstanceId, readonly RequestWindow[]>;

const NONE: Windows = new Map();

/** What became of each target's requests, interval by interval: the newest of them, as many as outlier detection needs. */
export class RequestWindows {
  readonly #groups = new Map<string, Counting>();

  /** The windows of a target group's targets, oldest first; a target that was not there for a whole one has none. */
  of(targetGroup: string): Windows {
    return this.#groups.get(targetGroup)?.windows ?? NONE;
  }

  /**
   * Takes in an observation.
   * @returns the target groups of which a window is complete that has failed requests in it, or had
   */
  take(
    observed: readonly TargetGroupObservation[],
    steadyMs: number,
    groups: readonly TargetGroup[],
  ): ReadonlySet<string> {
    const news = new Set<string>();
    for (const { name, targets } of observed) {
      const detection = groups.find((group) => group.name === name)?.outlierDetection;
      const before = this.#groups.get(name);
      const spanMs = steadyMs - (before?.sinceMs ?? steadyMs);
      if (detection === undefined || (before !== undefined && spanMs < detection.intervalMs)) continue;
      const counters = new Map(targets.map(({ instanceId, traffic }) => [instanceId, countersOf(traffic)]));
      const isWhole = before !== undefined && spanMs <= MAX_INTERVALS * detection.intervalMs;
      const windows = isWhole ? advance(before, counters, detection.consecutiveIntervals) : NONE;
      if (hasErrors(windows) || hasErrors(before?.windows ?? NONE)) news.add(name);
      this.#groups.set(name, { sinceMs: steadyMs, counters, windows });
    }
    return news;
  }
}

/** A try that failed and went to another server is a request to this one, and an error. */
function countersOf({ requestsTotal, errors5xxTotal, responseErrorsTotal, retriesTotal }: Traffic): RequestWindow {
  return { requests: requestsTotal, errors: errors5xxTotal + responseErrorsTotal + retriesTotal };
}

function advance(before: Counting, now: ReadonlyMap<InstanceId, RequestWindow>, most: number): Windows {
  const windows = new Map<InstanceId, readonly RequestWindow[]>();
  for (const [id, { requests, errors }] of now) {
    const earlier = before.counters.get(id);
    if (earlier === undefined || requests < earlier.requests || errors < earlier.errors) continue;
    const failed = errors - earlier.errors;
    // A try without a connection is an error that is not counted as a request.
    const window = { requests: Math.max(requests - earlier.requests, failed), errors: failed };
    windows.set(id, [...(before.windows.get(id) ?? []), window].slice(-most));
  }
  return windows;
}

function hasErrors(windows: Windows): boolean {
  for (const each of windows.values()) if (each.some(({ errors }) => errors > 0)) return true;
  return false;
}
