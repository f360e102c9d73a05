import type { Activity } from '../../../src/model/activity.ts';
import type { EndCause, Instance } from '../../../src/model/instance.ts';
import type { Change } from '../../../src/ports/store.ts';
import { causeOf } from '../world/records.ts';
import type { RuleContext } from './rule-context.ts';

/** For how long the controller may rely on the newest observation of its provider or a load balancer. */
const SIGHT_KEPT_MS = 10_000;
/** How long it may take until that it is over is what decisions go by. */
const SIGHT_LAG_MS = 5_000;
const PROVIDER = 'the provider';

const OF_SIGHT: ReadonlySet<EndCause> = new Set<EndCause>(['scaleIn', 'unhealthy', 'outlier']);
const BY_POLICIES: ReadonlySet<Activity['reason']> = new Set<Activity['reason']>(['scaledOut', 'scaledIn']);

/** Who cannot see does nothing: while the provider or a load balancer has not answered for long, no server is launched, replaced or scaled in. */
export class SightRules {
  readonly #context: RuleContext;
  /** When each of them last answered this controller. */
  readonly #seenMs = new Map<string, number>();

  constructor(context: RuleContext) {
    this.#context = context;
  }

  /** A controller starts: it has seen nothing yet. */
  opened(): void {
    this.#seenMs.clear();
  }

  /** The provider has listed its machines. */
  listed(): void {
    this.#seenMs.set(PROVIDER, this.#context.clock.elapsedMs);
  }

  /** A load balancer has told of its servers. */
  observed(loadBalancer: string): void {
    this.#seenMs.set(loadBalancer, this.#context.clock.elapsedMs);
  }

  /** To be called for every record of a commit, before the records have it. */
  moves(before: Instance | undefined, after: Instance): void {
    const cause = causeOf(after);
    const isNew = before === undefined || causeOf(before) === null;
    // One that is adopted before its address is known has a machine already.
    const isLaunched = before === undefined && after.state.name === 'launching' && after.machine === null;
    if (isLaunched) this.#check(after.group, `${after.id} is launched`);
    else if (isNew && cause !== null && OF_SIGHT.has(cause))
      this.#check(after.group, `${after.id} is ended (${cause})`);
  }

  /** To be called for every commit, before the records have it. */
  committing({ activities }: Change): void {
    for (const { group, reason, message } of activities) {
      if (group !== null && BY_POLICIES.has(reason)) this.#check(group, message);
    }
  }

  #check(group: string, what: string): void {
    const since = this.#context.since(SIGHT_KEPT_MS + SIGHT_LAG_MS);
    for (const name of [PROVIDER, ...this.#loadBalancersOf(group)]) {
      const seenMs = this.#seenMs.get(name);
      if (seenMs === undefined) this.#context.violate('blindMeansStill', `${what} before ${name} was seen`);
      else if (seenMs < since) {
        const agoMs = this.#context.clock.elapsedMs - seenMs;
        this.#context.violate('blindMeansStill', `${what}, but ${name} was last seen ${agoMs} ms ago`);
      }
    }
  }

  #loadBalancersOf(group: string): string[] {
    const { fleet } = this.#context.inForce;
    const targetGroups = fleet.autoScalingGroups.find(({ name }) => name === group)?.targetGroups ?? [];
    return fleet.loadBalancers
      .filter(({ listeners }) => listeners.some(({ targetGroup }) => targetGroups.includes(targetGroup)))
      .map(({ name }) => name);
  }
}
