import type { CallConditions, FaultRates, LatencyRange } from './call.ts';
import type { MachineConditions } from './machines.ts';
import type { FileConditions } from './sim-desired-file.ts';
import type { LoadBalancerConditions } from './sim-load-balancer.ts';
import type { ProviderConditions } from './sim-provider.ts';

/** How the world behaves just now. Everything in it may be changed while a simulation runs. */
export interface Conditions {
  readonly machines: MachineConditions;
  readonly provider: ProviderConditions;
  readonly loadBalancer: LoadBalancerConditions;
  readonly file: FileConditions;
}

const LOCAL: LatencyRange = { minMs: 1, maxMs: 5 };

/** Nothing goes wrong. */
export function calmConditions(remote: LatencyRange): Conditions {
  return {
    machines: { ...CALM_MACHINES, reusesAddresses: false },
    provider: {
      launch: calm(remote),
      list: calm(remote),
      terminate: calm(remote),
      staleLists: 0,
      staleByMs: 1,
      lostHints: 0,
    },
    loadBalancer: { save: calm(LOCAL), apply: calm(LOCAL), observe: calm(LOCAL), lostHints: 0 },
    file: { read: calm(LOCAL), lostHints: 0 },
  };
}

const CALM_MACHINES = {
  pendingMs: [100, 1_000],
  bootMs: [500, 3_000],
  neverHealthy: 0,
  diesWhileBooting: 0,
  endingMs: [100, 3_000],
} as const;

/** Ends all faults; the latencies of calls stay as they are. */
export function calmDown({ machines, provider, loadBalancer, file }: Conditions): void {
  Object.assign(machines, CALM_MACHINES);
  provider.staleLists = 0;
  provider.lostHints = 0;
  loadBalancer.lostHints = 0;
  file.lostHints = 0;
  const calls = [provider.launch, provider.list, provider.terminate, loadBalancer.save, loadBalancer.apply];
  for (const call of [...calls, loadBalancer.observe, file.read]) call.faults = {};
}

function calm(latency: LatencyRange): CallConditions {
  const faults: FaultRates = {};
  return { faults, latency };
}
