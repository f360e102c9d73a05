import type { CallConditions, FaultRates, LatencyRange } from './call.ts';
import type { MachineConditions } from './machines.ts';
import type { CommandConditions } from './sim-command.ts';
import type { FileConditions } from './sim-desired-file.ts';
import type { LoadBalancerConditions } from './sim-load-balancer.ts';
import type { MetricConditions } from './sim-metric-source.ts';
import type { ProbeConditions } from './sim-probe.ts';
import type { ProviderConditions } from './sim-provider.ts';
import type { StoreConditions } from './sim-store.ts';

/** How the world behaves just now. Everything in it may be changed while a simulation runs. */
export interface Conditions {
  readonly machines: MachineConditions;
  readonly provider: ProviderConditions;
  readonly loadBalancer: LoadBalancerConditions;
  readonly file: FileConditions;
  readonly metrics: MetricConditions;
  readonly probe: ProbeConditions;
  readonly commands: CommandConditions;
  readonly store: StoreConditions;
}

const LOCAL: LatencyRange = { minMs: 1, maxMs: 5 };

/** Nothing goes wrong. */
export function calmConditions(remote: LatencyRange): Conditions {
  return {
    machines: { ...CALM_MACHINES, reusesAddresses: false, mapsPorts: false },
    provider: { launch: calm(remote), list: calm(remote), terminate: calm(remote), ...CALM_PROVIDER },
    loadBalancer: { save: calm(LOCAL), apply: calm(LOCAL), observe: calm(LOCAL), ...CALM_LOAD_BALANCER },
    file: { read: calm(LOCAL), lostHints: 0 },
    metrics: { read: calm(LOCAL), ...CALM_METRICS },
    probe: { check: calm(LOCAL), wrong: 0 },
    commands: { run: calm(LOCAL), fails: 0 },
    store: { failsBefore: 0, defects: 0 },
  };
}

const CALM_MACHINES = {
  pendingMs: [100, 1_000],
  bootMs: [500, 3_000],
  neverHealthy: 0,
  diesWhileBooting: 0,
  livesMs: null,
  wrongAddress: 0,
  noAddress: 0,
  lateAddress: 0,
  endingMs: [100, 3_000],
} as const;

const CALM_PROVIDER = { staleLists: 0, staleByMs: 1, partialLists: 0, failsToOpen: 0, lostHints: 0 };

const CALM_LOAD_BALANCER = { lostHints: 0, removalMs: [2_000, 2_000], openRequests: [1, 4] } as const;

const CALM_METRICS = { gaps: 0, stale: 0, nonsense: 0 };

/** Ends all faults; the latencies of calls stay as they are. */
export function calmDown(conditions: Conditions): void {
  const { machines, provider, loadBalancer, file, metrics, probe, commands, store } = conditions;
  Object.assign(machines, CALM_MACHINES);
  Object.assign(provider, CALM_PROVIDER);
  Object.assign(loadBalancer, CALM_LOAD_BALANCER);
  file.lostHints = 0;
  Object.assign(metrics, CALM_METRICS);
  probe.wrong = 0;
  commands.fails = 0;
  store.failsBefore = 0;
  store.defects = 0;
  commands.run.faults = {};
  for (const call of Object.values(callsOf(conditions))) call.faults = {};
}

/** The kinds of calls to the outside, by a name for people. */
export function callsOf(conditions: Conditions): Readonly<Record<string, CallConditions>> {
  const { provider, loadBalancer, file, metrics, probe } = conditions;
  const { launch, list, terminate } = provider;
  const { save, apply, observe } = loadBalancer;
  return {
    launch,
    list,
    terminate,
    save,
    apply,
    observe,
    readFile: file.read,
    probe: probe.check,
    readMetric: metrics.read,
  };
}

function calm(latency: LatencyRange): CallConditions {
  const faults: FaultRates = {};
  return { faults, latency };
}
