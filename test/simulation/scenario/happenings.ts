import type { AutoScalingGroup, Fleet } from '../../../src/model/fleet.ts';
import type { SuspendableProcess } from '../../../src/model/scaling-policy.ts';
import type { LoadChange, MetricTrouble } from '../world/measures.ts';
import type { Random } from '../world/random.ts';
import { type FleetEdit, randomEdits } from './fleet-edits.ts';

/** Something that happens in the course of a run. `which` (0 to 1) picks among what is there when it happens. */
export type Happening = Order | Incident;

/** What people do with the controller. */
export type Order =
  | { readonly kind: 'setDesired'; readonly group: string; readonly desired: number }
  | { readonly kind: 'resume'; readonly group: string }
  | { readonly kind: 'drain' | 'terminate'; readonly which: number }
  /** Parts of a group's work are switched off, and on again. */
  | {
      readonly kind: 'suspend' | 'resumeProcesses';
      readonly group: string;
      readonly processes: readonly SuspendableProcess[];
    }
  | { readonly kind: 'restartController' }
  /** Its data folder is lost, and it with it. */
  | { readonly kind: 'loseStore' }
  /** `drover down`, and `drover up` a while after it has come to its end. */
  | { readonly kind: 'down' }
  /** The fleet file is changed and applied. */
  | { readonly kind: 'editFleet'; readonly edit: FleetEdit };

/** What happens without people's doing, or to what they own. */
export type Incident =
  | { readonly kind: 'writeFile'; readonly path: string; readonly content: string | null }
  | { readonly kind: 'stopMachine' | 'vanishMachine'; readonly which: number }
  | { readonly kind: 'rebootMachine'; readonly which: number; readonly forMs: number }
  | { readonly kind: 'hangMachine'; readonly which: number; readonly forMs: number | null }
  | { readonly kind: 'hangAll'; readonly forMs: number }
  /** Its server answers requests, but fails its health checks. */
  | { readonly kind: 'sickenMachine'; readonly which: number; readonly forMs: number }
  | { readonly kind: 'sickenAll'; readonly forMs: number }
  | { readonly kind: 'errMachine'; readonly which: number; readonly forMs: number }
  | { readonly kind: 'errAll'; readonly forMs: number }
  | { readonly kind: 'killLoadBalancer'; readonly which: number }
  | { readonly kind: 'loseLoadBalancer' | 'partition'; readonly which: number; readonly forMs: number }
  | {
      readonly kind: 'misreport';
      readonly reports: 'allDown' | 'flapping';
      readonly which: number;
      readonly forMs: number;
    }
  | { readonly kind: 'flap'; readonly which: number; readonly forMs: number }
  | { readonly kind: 'probeBlind'; readonly forMs: number }
  | { readonly kind: 'providerDown' | 'providerFull' | 'providerHangs'; readonly forMs: number }
  | { readonly kind: 'credentialsExpire' | 'tooManyRequests'; readonly forMs: number }
  /** A zone cannot be reached; what runs there goes on. */
  | { readonly kind: 'cutZone'; readonly zone: string; readonly forMs: number }
  /** A zone has no room for an instance type; null for any. */
  | {
      readonly kind: 'fillZone';
      readonly zone: string;
      readonly instanceType: string | null;
      readonly forMs: number;
    }
  | { readonly kind: 'diskFull'; readonly forMs: number }
  | { readonly kind: 'changeLoad'; readonly group: string; readonly change: LoadChange }
  | {
      readonly kind: 'metricTrouble';
      readonly group: string;
      readonly metric: string;
      readonly trouble: MetricTrouble;
      readonly forMs: number;
    }
  | { readonly kind: 'clockJump'; readonly byMs: number }
  | { readonly kind: 'hostSleep'; readonly forMs: number };

const ORDERS: ReadonlySet<Happening['kind']> = new Set<Order['kind']>([
  'setDesired',
  'resume',
  'drain',
  'terminate',
  'suspend',
  'resumeProcesses',
  'restartController',
  'loseStore',
  'down',
  'editFleet',
]);

export function isOrder(happening: Happening): happening is Order {
  return ORDERS.has(happening.kind);
}

const CLOCK_JUMPS_MS = [-7_200_000, -600_000, -30_000, -1_000, 1_000, 30_000, 600_000, 7_200_000];

/** How much more often than the rarest a kind comes. */
const WEIGHTS: readonly (readonly [number, (random: Random, fleet: Fleet) => readonly Happening[]])[] = [
  [4, (random, fleet) => [sizeOrder(random, random.pick(fleet.autoScalingGroups))]],
  [4, (random, fleet) => [goodFile(random, random.pick(fleet.autoScalingGroups))]],
  [2, (random, fleet) => [badFile(random, random.pick(fleet.autoScalingGroups))]],
  [1, (random, fleet) => [{ kind: 'resume', group: random.pick(fleet.autoScalingGroups).name }]],
  [3, (random) => [{ kind: random.pick(['drain', 'terminate']), which: random.next() }]],
  [3, (random) => [{ kind: 'stopMachine', which: random.next() }]],
  [2, (random) => [{ kind: 'vanishMachine', which: random.next() }]],
  [1, (random) => [{ kind: 'rebootMachine', which: random.next(), forMs: seconds(random, 1, 40) }]],
  [2, (random) => [{ kind: 'hangMachine', which: random.next(), forMs: maybe(random, seconds(random, 1, 90)) }]],
  [1, (random) => [{ kind: 'hangAll', forMs: seconds(random, 1, 60) }]],
  [1, (random) => [{ kind: 'sickenMachine', which: random.next(), forMs: seconds(random, 1, 90) }]],
  [1, (random) => [{ kind: 'sickenAll', forMs: seconds(random, 1, 60) }]],
  [2, (random) => [{ kind: 'errMachine', which: random.next(), forMs: seconds(random, 5, 90) }]],
  [1, (random) => [{ kind: 'errAll', forMs: seconds(random, 5, 60) }]],
  [2, (random) => [{ kind: 'killLoadBalancer', which: random.next() }]],
  [2, (random) => [{ kind: 'loseLoadBalancer', which: random.next(), forMs: seconds(random, 1, 40) }]],
  [2, (random) => [{ kind: 'partition', which: random.next(), forMs: seconds(random, 1, 60) }]],
  [2, (random) => [misreport(random)]],
  [2, (random) => [{ kind: 'flap', which: random.next(), forMs: seconds(random, 1, 10) }]],
  [1, (random) => [{ kind: 'probeBlind', forMs: seconds(random, 1, 60) }]],
  [2, (random) => [providerTrouble(random)]],
  [1, (random) => [{ kind: 'diskFull', forMs: seconds(random, 1, 40) }]],
  [2, (random) => [{ kind: 'clockJump', byMs: random.pick(CLOCK_JUMPS_MS) }]],
  [1, (random) => [{ kind: 'hostSleep', forMs: seconds(random, 1, 120) }]],
  [2, () => [{ kind: 'restartController' }]],
  [1, () => [{ kind: 'loseStore' }]],
  [1, () => [{ kind: 'down' }]],
  [4, (random, fleet) => randomEdits(random, fleet).map((edit) => ({ kind: 'editFleet', edit }))],
];

/** One thing, or a few that follow one another. */
export function randomHappenings(random: Random, fleet: Fleet): readonly Happening[] {
  const sum = WEIGHTS.reduce((total, [weight]) => total + weight, 0);
  let rest = random.int(1, sum);
  for (const [weight, make] of WEIGHTS) {
    rest -= weight;
    if (rest <= 0) return make(random, fleet);
  }
  return [];
}

function sizeOrder(random: Random, { name, minSize, maxSize }: AutoScalingGroup): Happening {
  return { kind: 'setDesired', group: name, desired: random.int(minSize, maxSize) };
}

function goodFile(random: Random, { desiredCapacityFile, minSize, maxSize }: AutoScalingGroup): Happening {
  return { kind: 'writeFile', path: desiredCapacityFile ?? '', content: `${random.int(minSize, maxSize)}\n` };
}

function badFile(random: Random, { desiredCapacityFile }: AutoScalingGroup): Happening {
  const content = random.pick([null, '', 'six', '-1', '2.5', '999', '\u0000', '1e99', '0x3', '3 4', 'NaN']);
  return { kind: 'writeFile', path: desiredCapacityFile ?? '', content };
}

function misreport(random: Random): Happening {
  const reports = random.pick(['allDown', 'flapping'] as const);
  return { kind: 'misreport', reports, which: random.next(), forMs: seconds(random, 1, 60) };
}

function providerTrouble(random: Random): Happening {
  return { kind: random.pick(['providerDown', 'providerFull', 'providerHangs']), forMs: seconds(random, 1, 60) };
}

function seconds(random: Random, min: number, max: number): number {
  return 1_000 * random.int(min, max);
}

function maybe<T>(random: Random, value: T): T | null {
  return random.chance(0.5) ? value : null;
}
