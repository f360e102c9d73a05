import type { LoadBalancer, TargetGroup } from '../model/fleet.ts';
import type { InstanceId } from '../model/instance.ts';
import type { Member } from '../model/member.ts';
import type { LoadBalancerObservation } from '../model/observation.ts';

/**
 * What carries the traffic. It gets how things should be and finds the way there itself; the same call again changes
 * nothing. The contract, checked by `test/conformance/load-balancer.ts`:
 *
 * - `apply` makes the desired state durable first (a restart of the load balancer comes back to it), then real. It starts
 *   what is not running. It resolves when members are registered with their state, not when they are healthy. What it has to do
 *   beyond membership it announces before it does it.
 * - A new member gets no traffic until its health checks have passed. A `draining` member gets no new requests; back to `ready`
 *   it gets them again. A member that is no longer named is taken out at once and forgotten when that is safe; until then
 *   `observe` still shows it as `unavailable`.
 * - With no healthy member at all, requests go to all ready members that are `proven`, whatever their checks say (AWS: fail-open):
 *   many servers that fail together are more often a failing check than failing servers.
 * - A restart or reload keeps each member's state: draining stays draining, unhealthy stays unhealthy.
 * - A port that another load balancer of the fleet still has is taken only when that one is `yielding`; before, `apply` announces
 *   `accepted` and fails with `listenerAwaited`.
 * - `observe` throws rather than return part of the truth.
 * - The load balancer outlives the controller: `close` leaves it running, `stop` ends it.
 * - Errors are `PortError`s; `Invalid` when the configuration was refused, in which case the last good one is in force.
 */
export interface LoadBalancerDriver {
  apply(desired: DesiredState, announce: Announce, signal: AbortSignal): Promise<void>;
  observe(signal: AbortSignal): Promise<LoadBalancerObservation>;
  /** Calls back when an observation is worth while sooner than planned (a health transition, an exit). Returns the way to stop. */
  watch(onChange: () => void): () => void;
  stop(signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

export interface DesiredState {
  readonly loadBalancer: LoadBalancer;
  /** Those that the load balancer's listeners name. */
  readonly targetGroups: readonly TargetGroup[];
  readonly members: readonly Member[];
  /** Absent where it is alone. */
  readonly others?: OtherLoadBalancers;
}

/** What the fleet's other load balancers mean for one: ports and servers go over from one to another without a moment in which nobody has them. */
export interface OtherLoadBalancers {
  /** Where others are to listen and do not yet: a listener that is in force there stays until they do. */
  readonly awaitedPorts: readonly number[];
  /** Names of those that will give up what they listen on and this one does not have yet: until then both listen there. */
  readonly yielding: readonly string[];
  /** Servers that are members of others. */
  readonly members: ReadonlyMap<InstanceId, MemberElsewhere>;
}

export interface MemberElsewhere {
  readonly state: Member['state'];
  /** Whether those others have its target groups: until then it stays where it was. */
  readonly isServed: boolean;
}

/** Waited for, so that what is done has been reported even when the controller dies in the middle of it; never rejects. */
export type Announce = (event: LoadBalancerEvent) => Promise<void>;

export type LoadBalancerEvent =
  /** It has ended, and nobody asked for it. */
  | { readonly kind: 'died'; readonly how: string }
  /** It answers nobody any more, and is ended or replaced. */
  | {
      readonly kind: 'hung';
      readonly seen: string;
      /** A part of it serves all the same, so that it is not away. */
      readonly serves: boolean;
    }
  /** The configuration would be taken, but for a port that another load balancer of the fleet has. */
  | { readonly kind: 'accepted' }
  /** It is not running: it is started, or started again with the members as they were. */
  | { readonly kind: 'start'; readonly version: string; readonly members: number }
  /** A change that the runtime API cannot make. */
  | {
      readonly kind: 'reload';
      readonly why: string;
      /** Open requests of processes that have outlived as many reloads as they may: this one cuts them. */
      readonly cuts: number;
    };
