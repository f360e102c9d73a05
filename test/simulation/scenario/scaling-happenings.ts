import type { AutoScalingGroup, Fleet } from '../../../src/model/fleet.ts';
import { SUSPENDABLE_PROCESSES } from '../../../src/model/scaling-policy.ts';
import { LOAD_OF_A_SERVER, type LoadChange, METRIC_TROUBLES } from '../world/measures.ts';
import type { Random } from '../world/random.ts';
import type { Happening } from './happenings.ts';
import { metricsFor, randomAction, randomPolicies } from './random-scaling.ts';

/** What happens to what a group follows, or to a part of its work: one thing, or a few that follow one another. */
export function randomScalingHappenings(random: Random, fleet: Fleet): readonly Happening[] {
  const followers = fleet.autoScalingGroups.filter(({ metrics }) => metrics.length > 0);
  const group = random.pick(followers.length > 0 ? followers : fleet.autoScalingGroups);
  const { name } = group;
  if (group.metrics.length === 0 || random.chance(0.2)) return suspension(random, name);
  if (random.chance(0.15)) return scalingEdit(random, group);
  if (random.chance(0.7)) return [{ kind: 'changeLoad', group: name, change: loadChange(random, group) }];
  const { name: metric } = random.pick(group.metrics);
  const forMs = 1_000 * random.int(1, 120);
  return [{ kind: 'metricTrouble', group: name, metric, trouble: random.pick(METRIC_TROUBLES), forMs }];
}

/** Now and then more than the group can have servers for. */
function loadChange(random: Random, { maxSize }: AutoScalingGroup): LoadChange {
  const to = Math.round(1.3 * maxSize * LOAD_OF_A_SERVER * random.next());
  switch (random.int(0, 3)) {
    case 0:
      return { kind: 'ramp', to, overMs: 1_000 * random.int(5, 60) };
    case 1:
      return { kind: 'swing', to, periodMs: 1_000 * random.int(5, 60) };
    default:
      return { kind: 'jump', to: random.chance(0.2) ? 0 : to };
  }
}

/** Some of it goes on again by people's hands, the rest when all is calm. */
function suspension(random: Random, group: string): readonly Happening[] {
  const some = () => SUSPENDABLE_PROCESSES.filter(() => random.chance(0.3));
  const suspended = [random.pick(SUSPENDABLE_PROCESSES), ...some()];
  const suspend: Happening = { kind: 'suspend', group, processes: suspended };
  return random.chance(0.3)
    ? [suspend]
    : [suspend, { kind: 'resumeProcesses', group, processes: random.chance(0.5) ? suspended : some() }];
}

function scalingEdit(random: Random, group: AutoScalingGroup): readonly Happening[] {
  const { name, metrics, scalingPolicies } = group;
  const edit = (change: Partial<AutoScalingGroup>): readonly Happening[] => [
    { kind: 'editFleet', edit: { kind: 'group', name, change } },
  ];
  switch (random.int(0, 3)) {
    case 0:
      return edit({ scalingPolicies: scalingPolicies.slice(1) });
    case 1: {
      const policies = randomPolicies(random);
      return edit({ scalingPolicies: policies, metrics: metricsFor(name, policies, random) });
    }
    case 2:
      return edit({ metrics: metrics.map((metric) => ({ ...metric, maxAgeMs: metric.maxAgeMs + 10_000 })) });
    default:
      return edit({ scheduledActions: [randomAction('another', random)] });
  }
}
