import type { Result } from './run.ts';
import type { Scenario } from './scenario.ts';

/** What a person reads about a seed that failed: what was violated, the last of the story, and how to see it again. */
export function describeFailure({ seed, violations, lines }: Result): string {
  return [
    `Seed ${seed} violates:`,
    ...violations.map(({ invariant, detail }) => `  ${invariant}: ${detail}`),
    'The last of its story:',
    ...lines.map((line) => `  ${line}`),
    `The whole of it: npm run simulate -- --seed ${seed}`,
  ].join('\n');
}

/** What a seed stands for, in a few lines. */
export function describeScenario({ fleet, conditions, crashes, quietAtMs }: Scenario): string {
  const groups = fleet.autoScalingGroups.map(
    ({ name, minSize, maxSize, desiredCapacity, targetGroups }) =>
      `group ${name}: ${desiredCapacity} of ${minSize} to ${maxSize}, behind ${targetGroups.join(' and ') || 'no load balancer'}`,
  );
  const { provider, loadBalancer } = conditions;
  const calls = { launch: provider.launch, list: provider.list, terminate: provider.terminate, ...loadBalancer };
  const faults = Object.entries(calls).flatMap(([name, call]) => {
    if (typeof call !== 'object') return [];
    const rates = Object.entries(call.faults).filter(([, rate]) => rate > 0);
    const text = rates.map(([fault, rate]) => `${fault} ${(100 * rate).toFixed(1)} %`).join(', ');
    return rates.length > 0 ? [`faults of ${name}: ${text}`] : [];
  });
  const deaths = crashes.map(({ at, count }) => `crash at ${at ?? 'any await'}, number ${count}`);
  return [...groups, ...faults, ...deaths, `calm after ${quietAtMs / 1000} s`].join('\n');
}

/** How often each crash point was passed in a number of runs, and how often a controller died there. */
export function describeCrashPoints(results: readonly Result[]): string {
  const rows = new Map<string, { passed: number; died: number }>();
  const row = (point: string) => {
    const known = rows.get(point) ?? { passed: 0, died: 0 };
    rows.set(point, known);
    return known;
  };
  for (const { points, deaths } of results) {
    for (const [point, passed] of points) row(point).passed += passed;
    for (const point of deaths) row(point).died += 1;
  }
  return [...rows]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([point, { passed, died }]) => `${point.padEnd(32)} passed ${passed}, died ${died}`)
    .join('\n');
}
