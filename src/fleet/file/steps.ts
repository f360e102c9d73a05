import type { AdjustmentType, Comparison, Step } from '../../model/scaling-policy.ts';
import type { Problem } from '../../settings/explain.ts';

/** Where a step begins and ends, with the open ends as infinities. */
interface Span {
  readonly index: number;
  readonly from: number;
  readonly to: number;
}

export interface StepsOfPolicy {
  readonly comparison: Comparison;
  readonly adjustmentType: AdjustmentType;
  readonly steps: readonly Step[];
}

/** What is wrong with the steps of a policy, as they stand in the file; paths begin at the list. */
export function stepProblems(policy: StepsOfPolicy): Problem[] {
  const spans = policy.steps.map(
    ({ lowerBound, upperBound }, index): Span => ({
      index,
      from: lowerBound ?? Number.NEGATIVE_INFINITY,
      to: upperBound ?? Number.POSITIVE_INFINITY,
    }),
  );
  const empty = spans.filter(({ from, to }) => from >= to);
  if (empty.length > 0) {
    return empty.map(({ index, from, to }) => ({
      path: [index],
      message: `lowerBound (${from}) must be less than upperBound (${to})`,
    }));
  }
  const sorted = spans.toSorted((a, b) => a.from - b.from || a.to - b.to);
  const misplaced = neighbours(sorted);
  return [...(misplaced.length > 0 ? misplaced : reach(sorted, policy.comparison)), ...signs(policy)];
}

/** From the lowest bound to the highest. */
export function sortedSteps(steps: readonly Step[]): Step[] {
  const from = ({ lowerBound }: Step) => lowerBound ?? Number.NEGATIVE_INFINITY;
  return steps.toSorted((a, b) => (from(a) < from(b) ? -1 : 1));
}

function neighbours(sorted: readonly Span[]): Problem[] {
  return sorted.slice(1).flatMap((next, index): Problem[] => {
    const before = sorted[index] ?? next;
    if (before.to === next.from) return [];
    const [one, other] = [name(before), name(next)];
    const message =
      before.to > next.from
        ? `${one} (${span(before)}) and ${other} (${span(next)}) overlap; let one end where the other begins`
        : `there is a gap between ${one}, which ends at ${before.to}, and ${other}, which begins at ${next.from}; let one end where the other begins`;
    return [{ path: [next.index], message }];
  });
}

/** All that is beyond the threshold belongs to a step, and no step lies where the policy never acts. */
function reach(sorted: readonly Span[], comparison: Comparison): Problem[] {
  const above = comparison === 'greaterThan' || comparison === 'greaterThanOrEqual';
  const [first, last] = [sorted[0], sorted.at(-1)];
  if (first === undefined || last === undefined) return [];
  const useless = sorted
    .filter(({ from, to }) => (above ? to <= 0 : from >= 0))
    .map(({ index }) => ({
      path: [index],
      message: `it lies ${above ? 'below' : 'above'} the threshold, where a policy with ${comparison} never acts; bounds are relative to the threshold`,
    }));
  if (useless.length > 0) return useless;
  const problems: Problem[] = [];
  if (above && first.from > 0) problems.push(uncovered(first, 'lowerBound', 0, first.from));
  if (above && last.to < Number.POSITIVE_INFINITY) problems.push(uncovered(last, 'upperBound', last.to, null));
  if (!above && first.from > Number.NEGATIVE_INFINITY) problems.push(uncovered(first, 'lowerBound', null, first.from));
  if (!above && last.to < 0) problems.push(uncovered(last, 'upperBound', last.to, 0));
  return problems;
}

function uncovered({ index }: Span, key: string, from: number | null, to: number | null): Problem {
  const where = from === null ? `below ${to}` : to === null ? `above ${from}` : `from ${from} to ${to}`;
  const mend = from === null || to === null ? `leave ${key} out` : `make ${key} 0, or leave it out`;
  return { path: [index, key], message: `no step says what to do ${where}, relative to the threshold; ${mend}` };
}

function signs({ steps, adjustmentType }: StepsOfPolicy): Problem[] {
  if (adjustmentType === 'exactCapacity') return [];
  const adds = steps.findIndex(({ adjustment }) => adjustment > 0);
  const removes = steps.findIndex(({ adjustment }) => adjustment < 0);
  if (adds < 0 && removes < 0) return [{ path: [], message: 'no step changes anything: every adjustment is 0' }];
  if (adds < 0 || removes < 0) return [];
  const message = `steps[${adds}] adds servers and steps[${removes}] takes some away; one policy goes one way: make two of it`;
  return [{ path: [Math.max(adds, removes), 'adjustment'], message }];
}

function name({ index }: Span): string {
  return `steps[${index}]`;
}

function span({ from, to }: Span): string {
  if (from === Number.NEGATIVE_INFINITY) return to === Number.POSITIVE_INFINITY ? 'without bounds' : `up to ${to}`;
  return to === Number.POSITIVE_INFINITY ? `from ${from} on` : `from ${from} to ${to}`;
}
