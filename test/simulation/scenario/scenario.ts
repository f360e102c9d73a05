import type { Fleet } from '../../../src/model/fleet.ts';
import type { Conditions } from '../world/conditions.ts';
import type { CrashPlan } from '../world/crash.ts';
import { PORT_CALLS } from '../world/crash-points.ts';
import type { Random } from '../world/random.ts';
import { randomConditions } from '../world/random-conditions.ts';
import { type Happening, randomHappenings } from './happenings.ts';
import { randomFleet } from './random-fleet.ts';
import { randomScalingHappenings } from './scaling-happenings.ts';

/** What one seed stands for: a fleet, the conditions outside, and what happens to it, by whom, and when. */
export interface Scenario {
  readonly fleet: Fleet;
  /** Where it begins; it changes while the run lasts. */
  readonly conditions: Conditions;
  readonly happenings: readonly TimedHappening[];
  /** Where the controllers die, one after the other; null lives on. */
  readonly crashes: readonly (CrashPlan | null)[];
  /** When everything calms down. */
  readonly quietAtMs: number;
}

export interface TimedHappening {
  readonly atMs: number;
  readonly happening: Happening;
}

const DAY_MS = 86_400_000;
/** In a run of days, what happens is this far apart in the mean. */
const SPARSE_MS = 20 * 60_000;

/** `days` makes it a long run in which things happen now and then; without it, a short one in which they come thick and fast. */
export function randomScenario(random: Random, days: number | null = null): Scenario {
  const fleet = randomFleet(random.fork('fleet'));
  const quietAtMs = days === null ? shortRunMs(random) : Math.round(days * DAY_MS);
  const chance = random.fork('happenings');
  const count = days === null ? chance.int(2, 12) : Math.ceil(quietAtMs / SPARSE_MS);
  const happenings = Array.from({ length: count }, () =>
    randomTimed(chance, randomHappenings(chance, fleet), quietAtMs),
  ).flat();
  const scaling = random.fork('scaling');
  for (let left = days === null ? randomScalingCount(scaling, fleet) : count; left > 0; left -= 1) {
    happenings.push(...randomTimed(scaling, randomScalingHappenings(scaling, fleet), quietAtMs));
  }
  const crashes = randomCrashes(random.fork('crashes'));
  const conditions = randomConditions(random.fork('weather'));
  return {
    fleet,
    conditions,
    happenings: happenings.sort((a, b) => a.atMs - b.atMs),
    crashes,
    quietAtMs,
  };
}

/** A minute or two, and now and then long enough for what seldom comes. */
function shortRunMs(random: Random): number {
  const seconds = random.int(40, 150);
  return 1_000 * (random.chance(0.005) ? seconds + 700 : seconds);
}

function randomTimed(random: Random, happenings: readonly Happening[], untilMs: number): TimedHappening[] {
  let atMs = random.int(0, untilMs);
  return happenings.map((happening, index) => {
    if (index > 0) atMs += 1_000 * random.int(5, 60);
    return { atMs: Math.min(atMs, untilMs), happening };
  });
}

/** Where nothing is measured there is less to happen. */
function randomScalingCount(random: Random, { autoScalingGroups }: Fleet): number {
  return autoScalingGroups.some(({ metrics }) => metrics.length > 0) ? random.int(2, 8) : random.int(0, 1);
}

/** Mostly a few deaths far apart; now and then one that dies again and again while it recovers. */
function randomCrashes(random: Random): CrashPlan[] {
  if (random.chance(0.15)) {
    const first = randomCrash(random);
    const again = Array.from({ length: random.int(1, 6) }, () => ({ at: null, count: random.int(1, 40) }));
    return [first, ...again];
  }
  return Array.from({ length: random.int(0, 3) }, () => randomCrash(random));
}

function randomCrash(random: Random): CrashPlan {
  if (random.chance(0.3)) return { at: null, count: random.int(1, 600) };
  const side = random.pick(['before', 'after'] as const);
  // Around whatever leaves a trace a crash hurts most.
  const call = random.chance(0.7) ? random.pick(TELLING_CALLS) : random.pick(PORT_CALLS);
  return { at: `${call}:${side}`, count: random.chance(0.6) ? random.int(1, 4) : random.int(1, 30) };
}

const TELLING_CALLS = [
  'store.load',
  'store.commit',
  'provider.launch',
  'provider.terminate',
  'loadBalancer.apply',
] as const;
