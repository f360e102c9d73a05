import type { FaultRates } from './call.ts';
import { type Conditions, callsOf, calmConditions } from './conditions.ts';
import type { Random } from './random.ts';

const LOCAL_PROVIDER = { minMs: 1, maxMs: 20 };
const CLOUD_PROVIDER = { minMs: 50, maxMs: 2_000 };
const LONGEST_REMOVAL_MS = 60_000;

/** How the outside behaves in one run: which faults come, and how often. */
export function randomConditions(random: Random): Conditions {
  const conditions = calmConditions(random.pick([LOCAL_PROVIDER, CLOUD_PROVIDER]));
  const { machines, provider, loadBalancer, file, metrics, probe, commands, store } = conditions;
  machines.reusesAddresses = random.chance(0.4);
  machines.neverHealthy = random.pick([0, 0, 0.1, 0.3]);
  machines.diesWhileBooting = random.pick([0, 0, 0.1, 0.3]);
  machines.wrongAddress = random.pick([0, 0, 0, 0.1]);
  machines.noAddress = random.pick([0, 0, 0, 0.1]);
  const addressing = random.fork('addresses');
  machines.lateAddress = addressing.pick([0, 0, 0.5, 1]);
  machines.mapsPorts = addressing.chance(0.3);
  if (random.chance(0.3)) machines.bootMs = [5_000, 30_000];
  if (random.chance(0.2)) machines.endingMs = [5_000, 40_000];
  const remote: ReadonlySet<string> = new Set(['launch', 'list', 'terminate']);
  for (const [name, call] of Object.entries(callsOf(conditions))) call.faults = randomFaults(random, remote.has(name));
  provider.staleLists = random.pick([0, 0, 0.1, 0.5]);
  provider.staleByMs = random.pick([1_000, 5_000]);
  provider.failsToOpen = random.pick([0, 0, 0, 0.3]);
  provider.partialLists = random.pick([0, 0, 0, 0.1]);
  if (random.chance(0.2)) loadBalancer.removalMs = [2_000, LONGEST_REMOVAL_MS];
  for (const port of [provider, loadBalancer, file]) port.lostHints = random.pick([0, 0, 0.5, 1]);
  probe.wrong = random.pick([0, 0, 0, 0.05]);
  store.failsBefore = random.pick([0, 0, 0, 0.02, 0.1]);
  metrics.gaps = random.pick([0, 0, 0.1, 0.5]);
  metrics.stale = random.pick([0, 0, 0.1, 0.3]);
  metrics.nonsense = random.pick([0, 0, 0, 0.1]);
  machines.livesMs = random.pick([null, null, null, null, [1_000, 20_000]]);
  for (const [name, call] of Object.entries(callsOf(conditions)))
    call.faults = { ...call.faults, ...rareFaults(random, remote.has(name)) };
  const grace = random.fork('commands');
  commands.fails = grace.pick([0, 0, 0.3]);
  commands.run.faults = randomFaults(grace, false);
  store.defects = random.pick([0, 0, 0, 0, 0.02]);
  return conditions;
}

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
    twice: rate(),
    ...(remote ? { rateLimited: rate(), noCapacity: rate() } : {}),
  };
}

/** What holds launches until a person comes, and errors in Drover itself: seldom, so that the rest has its turn. */
function rareFaults(random: Random, remote: boolean): FaultRates {
  if (random.chance(0.8)) return {};
  const rate = (): number => (random.chance(0.5) ? random.next() * 0.03 : 0);
  const refusals = remote ? { unauthorized: rate(), invalid: rate(), unsupported: rate() } : {};
  return { defect: rate(), ...refusals };
}
