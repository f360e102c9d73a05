/**
 * One server of a group, from the intent to launch it until nothing of it is left. The record is committed before anything
 * is done about it, so its state *is* the intent: whoever finds it in the store knows what is to be done next.
 *
 *              launched           healthy             scale-in, unhealthy, asked for
 *   launching ----------> booting -------> inService ------------> draining --+
 *       |                    |                 ^  |                  |    |   | idle, or the delay is over;
 *       | failed             | never healthy   |  | stopped          |    |   | gone from HAProxy
 *       |                    |                 +--|------------------+    |   v
 *       +--------------------+--------------------+---(needed again)------+-> terminating --> terminated
 */

import type { LaunchTemplate } from './fleet.ts';
import type { EpochMs } from './time.ts';

export type InstanceId = string;

export interface Instance {
  /** Made before the launch and given to the provider as the launch token: the same id never gives two machines. */
  readonly id: InstanceId;
  readonly group: string;
  readonly launchTemplate: LaunchTemplate;
  /** Where it is launched, and as what. */
  readonly placement: Placement;
  readonly createdAt: EpochMs;
  /** What the provider made; null until it has said so. */
  readonly machine: MachineRef | null;
  readonly state: InstanceState;
  readonly health: Health;
  /** What a person asked for this instance; null for nothing. */
  readonly request: InstanceRequest | null;
}

export interface MachineRef extends MachineAddresses {
  /** The provider's own id of the machine. */
  readonly id: string;
  /** When Drover learned of it: the health check grace period runs from here. */
  readonly seenAt: EpochMs;
}

/** Where a machine is reached, as far as its provider has said. */
export interface MachineAddresses {
  /** IP addresses, the one to use first; none while it has not got one. */
  readonly addresses: readonly string[];
  /** Where its ports are reached; null when each is reached at its own number, none while they are not to be reached. */
  readonly ports: readonly PortMapping[] | null;
}

/** Where a server is launched, and as what. */
export interface Placement {
  /** Of the provider's zones; null where there is one place only. */
  readonly zone: string | null;
  /** Of the launch template's instance types; null where it names none. */
  readonly instanceType: string | null;
}

export const NO_PLACEMENT: Placement = { zone: null, instanceType: null };

export interface PortMapping {
  /** As the server has it. */
  readonly port: number;
  /** As it is reached at the machine's address. */
  readonly hostPort: number;
}

export interface Endpoint {
  /** An IP address, never a name: HAProxy's runtime API accepts names in silence and does not resolve them. */
  readonly address: string;
  readonly port: number;
}

export type InstanceState =
  /**
   * To be launched, or being launched; with a machine, its address is awaited. `retryAt` holds the next try back after one that
   * failed.
   */
  | { readonly name: 'launching'; readonly since: EpochMs; readonly retryAt: EpochMs | null }
  /** The machine exists, and Drover asks it itself until it answers well; no load balancer knows of it yet. */
  | { readonly name: 'probing'; readonly since: EpochMs }
  /** The machine exists and is known to the load balancer; no traffic until its health checks have passed. */
  | { readonly name: 'booting'; readonly since: EpochMs }
  | { readonly name: 'inService'; readonly since: EpochMs }
  /**
   * No new requests; open ones may finish until the deadline, which is set once the load balancer was seen to drain it.
   * `reversible` when it may come back if it is needed again.
   */
  | {
      readonly name: 'draining';
      readonly since: EpochMs;
      readonly deadline: EpochMs | null;
      readonly cause: EndCause;
      readonly reversible: boolean;
    }
  /** Out of the load balancer or on the way out; the machine is terminated as soon as the load balancer has let go of it. */
  | {
      readonly name: 'terminating';
      readonly since: EpochMs;
      readonly cause: EndCause;
      readonly retryAt: EpochMs | null;
      /** Whether the group's termination command has ended for it, however. */
      readonly commandEnded: boolean;
    }
  | { readonly name: 'terminated'; readonly since: EpochMs; readonly cause: EndCause };

export type InstanceStateName = InstanceState['name'];

/** Why an instance is terminated, and that in a person's words. */
export const END_CAUSES = {
  scaleIn: 'too many servers',
  unhealthy: 'unhealthy',
  outlier: 'failed its requests',
  machineStopped: 'its machine stopped',
  machineGone: 'its machine is gone',
  neverHealthy: 'never became healthy',
  launchFailed: 'launch failed',
  operatorDrain: 'replaced on request',
  operatorTerminate: 'ended on request',
  fleetDown: 'the fleet goes down',
  orphan: 'nobody had a record of it',
} as const;
export type EndCause = keyof typeof END_CAUSES;

export type Health =
  /** Not told yet: new, or nothing that could tell can be seen. */
  | { readonly status: 'unknown'; readonly since: EpochMs }
  | { readonly status: 'healthy'; readonly since: EpochMs }
  | { readonly status: 'unhealthy'; readonly since: EpochMs; readonly detail: string };

export interface InstanceRequest {
  /** `drain`: replace it, then end it gracefully. `terminate`: end it now, open requests are cut. */
  readonly kind: 'drain' | 'terminate';
  readonly at: EpochMs;
}
