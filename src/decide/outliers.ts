import type { TargetGroup } from '../model/fleet.ts';
import type { Instance } from '../model/instance.ts';
import { serves } from '../model/lifecycle.ts';
import type { Draft } from './draft.ts';
import type { RequestWindow } from './snapshot.ts';

const OUTLIER = 'outlier:';
/** The others must fail at most this share of what an outlier fails: who errs as all do is none. */
const OTHERS_SHARE = 0.5;

/**
 * Finds servers that fail all or many of their requests although their health checks pass, and reports each once. One has failed
 * `errorShare` of `minRequests` or more in each of the last `consecutiveIntervals`, and the others of its target group did far
 * better. Where there are no others to compare it with, or they do no better, it is reported, and never more than that.
 * @returns those that are to be replaced
 */
export function findOutliers(draft: Draft): Instance[] {
  const replaced: Instance[] = [];
  const found = new Set<string>();
  for (const targetGroup of draft.snapshot.targetGroups) {
    const view = draft.snapshot.targets.get(targetGroup.name);
    if (view?.kind !== 'seen') continue;
    const { recent } = view.value;
    const failing = draft.live().filter((instance) => isFailing(instance, recent.get(instance.id), targetGroup));
    for (const instance of failing) {
      const own = sum([recent.get(instance.id) ?? []]);
      const others = sum([...recent].filter(([id]) => id !== instance.id).map(([, windows]) => windows));
      const comparison = compare(own, others, targetGroup);
      const isReplaced = comparison === 'worse' && targetGroup.outlierDetection.action === 'replace';
      if (isReplaced && !replaced.includes(instance)) replaced.push(instance);
      found.add(`${OUTLIER}${instance.id}`);
      report(draft, instance, targetGroup, { own, others, comparison, isReplaced });
    }
  }
  forget(draft, found);
  return replaced;
}

function isFailing(
  instance: Instance,
  windows: readonly RequestWindow[] | undefined,
  { outlierDetection }: TargetGroup,
): boolean {
  const { minRequests, errorShare, consecutiveIntervals } = outlierDetection;
  if (!serves(instance) || instance.health.status !== 'healthy') return false;
  if (windows === undefined || windows.length < consecutiveIntervals) return false;
  return windows.every((window) => window.requests >= minRequests && shareOf(window) >= errorShare);
}

type Comparison = 'worse' | 'alike' | 'alone';

function compare(own: RequestWindow, others: RequestWindow, { outlierDetection }: TargetGroup): Comparison {
  if (others.requests < outlierDetection.minRequests) return 'alone';
  return shareOf(others) <= OTHERS_SHARE * shareOf(own) ? 'worse' : 'alike';
}

interface Finding {
  readonly own: RequestWindow;
  readonly others: RequestWindow;
  readonly comparison: Comparison;
  readonly isReplaced: boolean;
}

function report(draft: Draft, instance: Instance, targetGroup: TargetGroup, finding: Finding): void {
  const { own, others, comparison, isReplaced } = finding;
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
    draft.tell('targetOutlier', why, { level: 'warning', instance });
    // Many outliers at once are more often a fault of what they all depend on: the health brake counts them too.
    if (isReplaced) {
      draft.memory = { ...draft.memory, unhealthyAt: { ...draft.memory.unhealthyAt, [instance.id]: draft.now } };
    }
  });
}

/** One that errs no more has recovered; one on its way out is not spoken of again. */
function forget(draft: Draft, found: ReadonlySet<string>): void {
  for (const code of draft.memory.told.filter((told) => told.startsWith(OUTLIER) && !found.has(told))) {
    const instance = draft.get(code.slice(OUTLIER.length));
    draft.condition(
      code,
      false,
      () => {},
      () => {
        if (instance === undefined || !serves(instance) || instance.health.status !== 'healthy') return;
        draft.tell('recovered', `${instance.id} fails fewer of its requests again.`, { instance });
      },
    );
  }
}

function sum(each: readonly (readonly RequestWindow[])[]): RequestWindow {
  const windows = each.flat();
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
