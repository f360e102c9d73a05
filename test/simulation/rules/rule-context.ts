import type { Fleet } from '../../../src/model/fleet.ts';
import type { LoadBalancerHost } from '../world/load-balancer-host.ts';
import { type Machines, type SimMachine, serverState } from '../world/machines.ts';
import type { Records } from '../world/records.ts';
import type { Trace } from '../world/trace.ts';
import type { VirtualClock } from '../world/virtual-clock.ts';
import type { SimZones } from '../world/zones.ts';
import type { InForce } from './in-force.ts';

/** What the rules judge by, the truth about the world and the records, and where they report a violation. */
export interface RuleContext {
  readonly clock: VirtualClock;
  readonly fleet: Fleet;
  readonly machines: Machines;
  readonly zones: SimZones;
  readonly hosts: readonly LoadBalancerHost[];
  readonly records: Records;
  readonly trace: Trace;
  readonly inForce: InForce;
  readonly goesDown: boolean;
  /** The moment so long ago, in milliseconds since the start; time in which the controller's host slept is left out. */
  since(lagMs: number): number;
  violate(invariant: string, detail: string): void;
}

/** How old what a decision rests upon may be by the time that it takes effect. */
export const DECISION_LAG_MS = 15_000;

export function isServing(machine: SimMachine | undefined): boolean {
  return machine !== undefined && serverState(machine) === 'well';
}
