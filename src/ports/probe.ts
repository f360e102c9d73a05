import type { HealthCheck } from '../model/fleet.ts';
import type { Endpoint } from '../model/instance.ts';

/**
 * The controller's own observation of a server, beside that of the load balancer. It asks what the load balancer asks, once.
 */
export interface Probe {
  /** Never throws: what cannot be asked is unhealthy, with the reason. */
  check(endpoint: Endpoint, healthCheck: HealthCheck, signal: AbortSignal): Promise<ProbeAnswer>;
}

export interface ProbeAnswer {
  readonly healthy: boolean;
  /** Whether it gave an answer at all, whatever that was. */
  readonly answered: boolean;
  /** For a person: `answered 503`, `connect ECONNREFUSED`. */
  readonly detail: string;
}
