import type { HealthCheck } from '../../../src/model/fleet.ts';
import type { Member } from '../../../src/model/member.ts';
import { type Machines, serverState } from './machines.ts';
import type { Random } from './random.ts';
import type { Cancel, VirtualClock } from './virtual-clock.ts';

/** What a load balancer knows of a server because it checks it. */
export interface Checked {
  member: Member;
  check: HealthCheck;
  /** `initial`: no check has decided yet, no traffic. */
  health: 'initial' | 'up' | 'down';
  /** What its last check came to, in HAProxy's words; empty when it passed. */
  detail: string;
  /** The change of health that its checks are about to find. */
  pending: { readonly to: 'up' | 'down'; readonly cancel: Cancel } | null;
  /** Its checks fail whatever the server does, until then. */
  flapping: boolean;
}

export interface HealthCheckOptions<One extends Checked> {
  readonly clock: VirtualClock;
  readonly random: Random;
  readonly machines: Machines;
  /** Enough checks in a row have found it so; its health is still the old one. */
  readonly onResult: (one: One, health: 'up' | 'down') => void;
}

/** The health checks of a load balancer: only those are simulated that find something new. */
export class HealthChecks<One extends Checked> {
  /** Cut off from the servers: every check fails. */
  partitioned = false;
  readonly #options: HealthCheckOptions<One>;

  constructor(options: HealthCheckOptions<One>) {
    this.#options = options;
  }

  /** Looks whether the checks of a server are about to find something new. */
  follow(one: One): void {
    const { clock, random, onResult } = this.#options;
    const fault = this.#faultOf(one);
    const good = fault === null;
    const to = good ? 'up' : 'down';
    if (one.health === to) {
      one.detail = fault ?? '';
      return this.cancel(one);
    }
    if (one.pending?.to === to) return;
    this.cancel(one);
    const { check } = one;
    const first = random.int(0, good ? check.downIntervalMs : check.intervalMs);
    // What has never been up needs one good check or one bad one; later on the thresholds count.
    const more = (good ? check.healthyThreshold : one.health === 'initial' ? 1 : check.unhealthyThreshold) - 1;
    const cancel = clock.plan(first + more * check.fastIntervalMs, () => {
      one.pending = null;
      one.detail = this.#faultOf(one) ?? '';
      onResult(one, to);
    });
    one.pending = { to, cancel };
  }

  /** What its checks were about to find does not count any more. */
  cancel(one: One): void {
    one.pending?.cancel();
    one.pending = null;
  }

  /** Why a check of it fails now; null when it passes. */
  #faultOf({ member, flapping }: One): string | null {
    if (this.partitioned) return 'no connection in time (L4TOUT)';
    if (flapping) return 'answered 503 (L7STS)';
    const { endpoint, checkPort } = member;
    switch (serverState(this.#options.machines.at({ ...endpoint, port: checkPort ?? endpoint.port }))) {
      case 'dead':
        return 'connection refused (L4CON)';
      case 'hung':
        return 'no answer in time (L7TOUT)';
      case 'sick':
        return 'answered 503 (L7STS)';
      case 'well':
        return null;
    }
  }
}
