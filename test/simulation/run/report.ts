import type { Scenario } from '../scenario/scenario.ts';
import { callsOf } from '../world/conditions.ts';
import { allCrashPoints } from '../world/crash-points.ts';
import type { Minimal } from './minimise.ts';
import { type Result, scenarioOf } from './run.ts';
import type { Tally } from './tally.ts';

const DAY_MS = 86_400_000;

/** What a person reads about a seed that failed: what was violated, by how little, the last of the story, how to see it again. */
export function describeFailure(failed: Result, minimal: Minimal | null): string {
  const { seed } = failed;
  const command = `npm run simulate -- --seed ${seed}`;
  const { lines, violations } = minimal?.result ?? failed;
  return [
    `Seed ${seed} violates:`,
    ...violations.map(({ invariant, detail }) => `  ${invariant}: ${detail}`),
    ...(minimal === null ? [] : describeCause(seed, minimal.only)),
    'The last of the story:',
    ...lines.map((line) => `  ${line}`),
    `The whole of it: ${command}${minimal === null ? '' : ` --only ${minimal.only.join(',') || 'nothing'}`}`,
  ].join('\n');
}

function describeCause(seed: number, only: readonly string[]): string[] {
  if (only.length === 0) return ['It does so without any fault.'];
  const { happenings, crashes } = scenarioOf(seed);
  const what = (name: string): string => {
    const [kind, number] = name.split('.');
    const item =
      kind === 'happening' ? happenings[Number(number) - 1] : kind === 'crash' ? crashes[Number(number) - 1] : '';
    return item === '' ? name : `${name}: ${JSON.stringify(item)}`;
  };
  return ['It does so with nothing but:', ...only.map((name) => `  ${what(name)}`)];
}

/** What a seed stands for, in a few lines. */
export function describeScenario({ fleet, conditions, crashes, quietAtMs }: Scenario): string {
  const groups = fleet.autoScalingGroups.map(
    ({ name, minSize, maxSize, desiredCapacity, targetGroups, scalingPolicies, scheduledActions }) => {
      const behind = targetGroups.join(' and ') || 'no load balancer';
      const follows = [...scalingPolicies, ...scheduledActions].map((one) => `, follows ${one.name}`).join('');
      return `group ${name}: ${desiredCapacity} of ${minSize} to ${maxSize}, behind ${behind}${follows}`;
    },
  );
  const faults = Object.entries(callsOf(conditions)).flatMap(([name, call]) => {
    const rates = Object.entries(call.faults).filter(([, rate]) => rate > 0);
    const text = rates.map(([fault, rate]) => `${fault} ${(100 * rate).toFixed(1)} %`).join(', ');
    return rates.length > 0 ? [`faults of ${name}: ${text}`] : [];
  });
  const deaths = crashes.flatMap((crash) =>
    crash === null ? [] : [`crash at ${crash.at ?? 'any await'}, number ${crash.count}`],
  );
  return [...groups, ...faults, ...deaths, `calm after ${quietAtMs / 1000} s`].join('\n');
}

/** The figures of many runs. */
export function describeTally({ seeds, steps, simulatedMs, passed, died, failures }: Tally, tookMs: number): string {
  const seconds = tookMs / 1000;
  const all = allCrashPoints();
  const reached = all.filter((point) => passed.has(point));
  const missed = all.filter((point) => !passed.has(point));
  return [
    `${seeds - failures.length} of ${seeds} seeds held every invariant.`,
    `${(seeds / seconds).toFixed(1)} seeds a second, ${(steps / seconds).toFixed(0)} steps a second, ` +
      `${(simulatedMs / DAY_MS / seconds).toFixed(3)} simulated days a second (${(simulatedMs / DAY_MS).toFixed(1)} days in ${seconds.toFixed(0)} s).`,
    `${reached.length} of ${all.length} crash points were reached, and controllers died at ${died.size} of them.`,
    ...(missed.length === 0 ? [] : ['Not reached:', ...missed.map((point) => `  ${point}`)]),
    ...(failures.length === 0 ? [] : [`Failed: ${failures.map(({ seed }) => seed).join(', ')}`]),
  ].join('\n');
}

/** How often each crash point was passed in a number of runs, and how often a controller died there. */
export function describeCrashPoints({ passed, died }: Tally): string {
  return [...passed]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([point, times]) => `${point.padEnd(56)} passed ${times}, died ${died.get(point) ?? 0}`)
    .join('\n');
}
