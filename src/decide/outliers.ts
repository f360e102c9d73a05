import type { TargetGroup } from '../model/fleet.ts';
import type { Instance } from '../model/instance.ts';
import { serves } from '../model/lifecycle.ts';
import type { Draft } from './draft.ts';
import type { Facts } from './facts.ts';
import type { RequestWindow } from './snapshot.ts';

const OUTLIER = 'outlier:';
/** The others must fail at most this share of what an outlier fails: who errs as all do is none. */
const OTHERS_SHARE = 0.5;

/** A server that fails its requests, as one of its target groups has it. */
export interface Outlier {
  readonly instance: Instance;
  readonly targetGroup: TargetGroup;
  readonly own: RequestWindow;
  readonly others: RequestWindow;
  readonly comparison: Comparison;
  readonly isReplaced: boolean;
}

/**
 * Servers that fail all or many of their requests although their health checks pass. One has failed
 * `errorShare` of `minRequests` or more in each of the last `consecutiveIntervals`, and the others of its target group did far
 * better. Where there are no others to compare it with, or they do no better, it is reported, and never more than that.
 */
export function findOutliers(facts: Facts): readonly Outlier[] {
  return facts.snapshot.targetGroups.flatMap((targetGroup) => {
    const view = facts.snapshot.targets.get(targetGroup.name);
    if (view?.kind !== 'seen') return [];
    const { recent } = view.value;
    const suspects = new Set([...recent].filter(([, windows]) => fail(windows, targetGroup)).map(([id]) => id));
    if (suspects.size === 0) return [];
    const all = sum([...recent.values()].flat());
    return facts
      .live()
      .filter((instance) => suspects.has(instance.id) && serves(instance) && instance.health.status === 'healthy')
      .map((instance) => {
        const own = sum(recent.get(instance.id) ?? []);
        const others = { requests: all.requests - own.requests, errors: all.errors - own.errors };
        const comparison = compare(own, others, targetGroup);
        const isReplaced = comparison === 'worse' && targetGroup.outlierDetection.action === 'replace';
        return { instance, targetGroup, own, others, comparison, isReplaced };
      });
  });
}

/** Reports each once, and when it fails no more. */
export function followOutliers(draft: Draft, outliers: readonly Outlier[]): void {
  for (const outlier of outliers) reportOutlier(draft, outlier);
  forget(draft, new Set(outliers.map(({ instance }) => `${OUTLIER}${instance.id}`)));
}

function fail(windows: readonly RequestWindow[], { outlierDetection }: TargetGroup): boolean {
  const { minRequests, errorShare, consecutiveIntervals } = outlierDetection;
  if (windows.length < consecutiveIntervals) return false;
  return windows.every((window) => window.requests >= minRequests && shareOf(window) >= errorShare);
}

type Comparison = 'worse' | 'alike' | 'alone';

function compare(own: RequestWindow, others: RequestWindow, { outlierDetection }: TargetGroup): Comparison {
  if (others.requests < outlierDetection.minRequests) return 'alone';
  return shareOf(others) <= OTHERS_SHARE * shareOf(own) ? 'worse' : 'alike';
}

function reportOutlier(draft: Draft, { instance, targetGroup, own, others, comparison, isReplaced }: Outlier): void {
  draft.condition(`${OUTLIER}${instance.id}`, true, () => {
    const { intervalMs, consecutiveIntervals } = targetGroup.outlierDetection;
    const seconds = (intervalMs * consecutiveIntervals) / 1000;
    const rest =
      comparison === 'alone'
        ? 'there are no other requests to compare with, so it stays'
        : comparison === 'alike'
          ? `the others fail ${percent(others)}, so it stays`
          : isReplaced
            ? `the others fail ${percent(others)}`
            : `the others fail ${percent(others)}; it stays, because outlierDetection.action is report`;
    const why = `${instance.id} fails ${percent(own)} of its requests (${own.errors} of ${own.requests} in ${seconds} s) although its health check passes; ${rest}.`;
    draft.report('targetOutlier', why, { level: 'warning', instance });
    // Many outliers at once are more often a fault of what they all depend on: the health brake counts them too.
    if (isReplaced) draft.noteUnhealthy(instance.id, draft.now);
  });
}

/** One that errs no more has recovered; one on its way out is not spoken of again. */
function forget(draft: Draft, found: ReadonlySet<string>): void {
  for (const code of [...draft.told].filter((told) => told.startsWith(OUTLIER) && !found.has(told))) {
    const instance = draft.get(code.slice(OUTLIER.length));
    draft.condition(
      code,
      false,
      () => {},
      () => {
        if (instance === undefined || !serves(instance) || instance.health.status !== 'healthy') return;
        draft.report('recovered', `${instance.id} fails fewer of its requests again.`, { instance });
      },
    );
  }
}

function sum(windows: readonly RequestWindow[]): RequestWindow {
  return {
    requests: windows.reduce((total, { requests }) => total + requests, 0),
    errors: windows.reduce((total, { errors }) => total + errors, 0),
  };
}

function shareOf({ requests, errors }: RequestWindow): number {
  return requests === 0 ? 0 : errors / requests;
}

function percent(window: RequestWindow): string {
  return `${Math.round(shareOf(window) * 100)} %`;
}
