import type { Fleet } from '../model/fleet.ts';
import type { FaultRates } from './call.ts';
import { type Conditions, calmConditions } from './conditions.ts';
import type { CrashPlan, CrashPoint } from './crash.ts';
import type { Random } from './random.ts';
import { randomFleet } from './random-fleet.ts';

/** What one seed stands for: a fleet, the weather, and what happens to it, by whom, and when. */
export interface Scenario {
  readonly fleet: Fleet;
  readonly conditions: Conditions;
  readonly happenings: readonly { readonly atMs: number; readonly happening: Happening }[];
  /** Where the controllers die, one after the other. */
  readonly crashes: readonly CrashPlan[];
  /** When everything calms down. */
  readonly quietAtMs: number;
}

/** `which` (0 to 1) picks among what is there when it happens. */
export type Happening = Order | Incident;

/** What people ask of the controller. */
export type Order =
  | { readonly kind: 'setDesired'; readonly group: string; readonly desired: number }
  | { readonly kind: 'drain' | 'terminate'; readonly which: number }
  | { readonly kind: 'restartController' };

/** What happens without it. */
export type Incident =
  | { readonly kind: 'writeFile'; readonly path: string; readonly content: string | null }
  | { readonly kind: 'stopMachine' | 'vanishMachine'; readonly which: number }
  | { readonly kind: 'hangMachine'; readonly which: number; readonly forMs: number | null }
  | { readonly kind: 'killLoadBalancer' }
  | { readonly kind: 'loseLoadBalancer' | 'partition'; readonly forMs: number }
  | { readonly kind: 'flap'; readonly which: number; readonly forMs: number }
  | { readonly kind: 'providerDown' | 'providerFull' | 'providerHangs'; readonly forMs: number };

export function isOrder(happening: Happening): happening is Order {
  return ['setDesired', 'drain', 'terminate', 'restartController'].includes(happening.kind);
}

/** Where a crash hurts most: around whatever leaves a trace. */
const TELLING_POINTS: readonly CrashPoint[] = [
  'store.load:before',
  'store.load:after',
  'store.commit:before',
  'store.commit:after',
  'provider.launch:before',
  'provider.launch:after',
  'provider.terminate:before',
  'provider.terminate:after',
  'provider.list:after',
  'loadBalancer.apply:before',
  'loadBalancer.apply:after',
  'loadBalancer.observe:after',
  'metricSource.read:after',
];

export function randomScenario(random: Random): Scenario {
  const fleet = randomFleet(random.fork('fleet'));
  const quietAtMs = 1_000 * random.int(40, 150);
  const chance = random.fork('happenings');
  const happenings = Array.from({ length: random.int(2, 12) }, () => ({
    atMs: chance.int(0, quietAtMs),
    happening: randomHappening(chance, fleet),
  })).sort((a, b) => a.atMs - b.atMs);
  const crashes = Array.from({ length: random.int(0, 3) }, () => randomCrash(random));
  return { fleet, conditions: randomConditions(random.fork('weather')), happenings, crashes, quietAtMs };
}

function randomCrash(random: Random): CrashPlan {
  if (random.chance(0.3)) return { at: null, count: random.int(1, 600) };
  return { at: random.pick(TELLING_POINTS), count: random.chance(0.6) ? random.int(1, 4) : random.int(1, 30) };
}

function randomConditions(random: Random): Conditions {
  const conditions = calmConditions(random.pick([LOCAL_PROVIDER, CLOUD_PROVIDER]));
  const { machines, provider, loadBalancer, file } = conditions;
  machines.reusesAddresses = random.chance(0.4);
  machines.neverHealthy = random.pick([0, 0, 0.1, 0.3]);
  machines.diesWhileBooting = random.pick([0, 0, 0.1, 0.3]);
  if (random.chance(0.3)) machines.bootMs = [5_000, 30_000];
  if (random.chance(0.2)) machines.endingMs = [5_000, 40_000];
  for (const call of [provider.launch, provider.terminate]) call.faults = randomFaults(random, true);
  provider.list.faults = randomFaults(random, true);
  for (const call of [loadBalancer.save, loadBalancer.apply, loadBalancer.observe, file.read]) {
    call.faults = randomFaults(random, false);
  }
  provider.staleLists = random.pick([0, 0, 0.1, 0.5]);
  provider.staleByMs = random.pick([1_000, 5_000]);
  for (const port of [provider, loadBalancer, file]) port.lostHints = random.pick([0, 0, 0.5, 1]);
  return conditions;
}

const LOCAL_PROVIDER = { minMs: 1, maxMs: 20 };
const CLOUD_PROVIDER = { minMs: 50, maxMs: 2_000 };

/** Half of the time there are none; else each kind, with a share of its own. */
function randomFaults(random: Random, remote: boolean): FaultRates {
  if (random.chance(0.5)) return {};
  const worst = random.pick([0.02, 0.05, 0.15]);
  const rate = (): number => (random.chance(0.5) ? random.next() * worst : 0);
  return {
    failsBefore: rate(),
    failsAfter: rate(),
    hangs: rate(),
    slow: rate(),
    ...(remote ? { rateLimited: rate(), noCapacity: rate() } : {}),
  };
}

function randomHappening(random: Random, fleet: Fleet): Happening {
  const group = random.pick(fleet.autoScalingGroups);
  const which = random.next();
  const forMs = 1_000 * random.int(1, 40);
  const desired = random.int(group.minSize, group.maxSize);
  const path = group.desiredCapacityFile ?? '';
  switch (random.int(0, 15)) {
    case 0:
    case 1:
      return { kind: 'setDesired', group: group.name, desired };
    case 2:
    case 3:
      return { kind: 'writeFile', path, content: `${desired}\n` };
    case 4:
      return { kind: 'writeFile', path, content: random.pick([null, '', 'six', '-1', '2.5', '999']) };
    case 5:
      return { kind: random.pick(['drain', 'terminate']), which };
    case 6:
    case 7:
      return { kind: 'stopMachine', which };
    case 8:
      return { kind: 'vanishMachine', which };
    case 9:
      return { kind: 'hangMachine', which, forMs: random.chance(0.5) ? forMs : null };
    case 10:
      return { kind: 'killLoadBalancer' };
    case 11:
      return { kind: 'loseLoadBalancer', forMs };
    case 12:
      return { kind: 'partition', forMs };
    case 13:
      return { kind: 'flap', which, forMs: Math.min(forMs, 10_000) };
    case 14:
      return { kind: random.pick(['providerDown', 'providerFull', 'providerHangs']), forMs };
    default:
      return { kind: 'restartController' };
  }
}
