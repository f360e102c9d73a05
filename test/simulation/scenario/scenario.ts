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
  /** Of its providers; empty where each is one place. */
  readonly zones: readonly string[];
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
  const places = random.fork('zones');
  const zones = places.pick<readonly string[]>([[], [], ['a', 'b'], ['a', 'b', 'c']]);
  const fleet = placed(randomFleet(random.fork('fleet')), zones, places);
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
  for (let left = zones.length === 0 ? 0 : count / 3; left > 0; left -= 1) {
    happenings.push(...randomTimed(places, [randomZoneIncident(places, zones)], quietAtMs));
  }
  const crashes = randomCrashes(random.fork('crashes'));
  const conditions = randomConditions(random.fork('weather'));
  return {
    fleet,
    conditions,
    zones,
    happenings: happenings.sort((a, b) => a.atMs - b.atMs),
    crashes,
    quietAtMs,
  };
}

/** Now and then a group is only in some of the zones, or may be of several instance types. */
function placed(fleet: Fleet, zones: readonly string[], random: Random): Fleet {
  if (zones.length === 0) return fleet;
  const autoScalingGroups = fleet.autoScalingGroups.map((group) => ({
    ...group,
    launchTemplate: {
      ...group.launchTemplate,
      zones: random.chance(0.2) ? zones.slice(1) : [],
      instanceTypes: random.chance(0.4) ? INSTANCE_TYPES : [],
    },
  }));
  return { ...fleet, autoScalingGroups };
}

function randomZoneIncident(random: Random, zones: readonly string[]): Happening {
  const zone = random.pick(zones);
  const forMs = 1_000 * random.int(1, 60);
  switch (random.int(0, 3)) {
    case 0:
      return { kind: 'fillZone', zone, instanceType: random.pick([null, ...INSTANCE_TYPES]), forMs };
    case 1:
      return { kind: random.pick(['credentialsExpire', 'tooManyRequests']), forMs };
    default:
      return { kind: 'cutZone', zone, forMs };
  }
}

const INSTANCE_TYPES = ['small', 'large'];

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
