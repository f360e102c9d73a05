import type { LoadBalancer, TargetGroup } from '../model/fleet.ts';
import type { LoadBalancerDriver } from '../ports/load-balancer.ts';
import type { BalancerLoop } from './balancer-loop.ts';

/** A load balancer that the fleet has, or that is left until it is terminated. */
export interface KnownLoadBalancer {
  readonly driver: LoadBalancerDriver;
  /** As it was kept last; null where only its name is known. */
  description: LoadBalancer | null;
  targetGroups: readonly TargetGroup[];
  running: { readonly loop: BalancerLoop; readonly stop: AbortController; readonly done: Promise<void> } | null;
}

/** Ends the loop of a load balancer, which goes on as it is. */
export async function letGo(known: KnownLoadBalancer): Promise<void> {
  if (known.running === null) return;
  known.running.stop.abort();
  await known.running.done;
  known.running = null;
}
