import type { Instance, InstanceId } from '../../../src/model/instance.ts';
import { serves } from '../../../src/model/lifecycle.ts';
import type { LoadBalancerHost, SimMember } from '../world/load-balancer-host.ts';
import { causeOf } from '../world/records.ts';
import { DECISION_LAG_MS, isServing, type RuleContext } from './rule-context.ts';

/** How long a change of the desired size may take to be followed. */
const DESIRED_LAG_MS = 30_000;
/** What has been so for this long is known by then. */
const VISIBLE_AFTER_MS = 5_000;
/** Share of the desired size that replacements may take out, at least one server. */
const REPLACEMENT_SHARE = 0.1;
/** Of what is remembered for a while, so that a long run does not grow. */
const KEPT = 1_000;

/** What is healthy stays in service, but for the budget; and nothing is replaced by those who cannot see. */
export class CapacityRules {
  readonly #context: RuleContext;
  readonly #desired = new Map<string, { readonly atMs: number; readonly size: number }[]>();
  readonly #wentDownMs: { readonly group: string; readonly atMs: number }[] = [];
  /** Those that served when it was decided to end them, and whether their group could have no replacement first. */
  readonly #servedWhenEnded = new Map<InstanceId, { readonly isFull: boolean }>();

  constructor(context: RuleContext) {
    this.#context = context;
  }

  /** A server that was routed to is not any more, by no doing of Drover's. */
  wentDown(member: SimMember): void {
    const group = this.#context.records.instances.get(member.member.instanceId)?.group;
    if (group === undefined) return;
    this.#wentDownMs.push({ group, atMs: this.#context.clock.elapsedMs });
    if (this.#wentDownMs.length > KEPT) this.#wentDownMs.shift();
  }

  /** The size that a group wants from now on. */
  wants(group: string, size: number): void {
    const sizes = this.#desired.get(group) ?? [];
    if (sizes.length > KEPT) sizes.shift();
    if (sizes.at(-1)?.size !== size) sizes.push({ atMs: this.#context.clock.elapsedMs, size });
    this.#desired.set(group, sizes);
  }

  /**
   * Whether it is taken out of service can only be judged by what could be seen when that was decided: it serves when each of
   * its target groups finds it healthy, and says so.
   */
  noteEnding(instance: Instance): void {
    const { id } = instance;
    const { hosts, clock, machines } = this.#context;
    const since = clock.elapsedMs - VISIBLE_AFTER_MS;
    let found = false;
    let serves = isServing(machines.ofInstance(id));
    for (const host of hosts) {
      for (const member of host.members()) {
        if (member.member.instanceId !== id) continue;
        found = true;
        const truthful = host.truthfulSinceMs !== null && host.truthfulSinceMs < since;
        serves &&= truthful && host.serves(member) && member.changedMs < since;
      }
    }
    if (this.#servedWhenEnded.size > KEPT) this.#servedWhenEnded.clear();
    if (found && serves) this.#servedWhenEnded.set(id, { isFull: this.#isFull(instance) });
    else this.#servedWhenEnded.delete(id);
  }

  /** Servers that one commit replaces because they are unhealthy. */
  replacing(instances: readonly Instance[]): void {
    const groups = new Map<string, number>();
    for (const { id, group } of instances) {
      groups.set(group, (groups.get(group) ?? 0) + 1);
      if (!this.#isBlind(group)) continue;
      this.#context.violate('nothingReplacedBlind', `${id} is replaced while all of ${group} look unhealthy`);
    }
    for (const [group, count] of groups) {
      const budget = this.#budget(group);
      if (count <= budget) continue;
      this.#context.violate('replacementBudget', `${count} of ${group} replaced at once, ${budget} allowed`);
    }
  }

  takenOut(member: SimMember, host: LoadBalancerHost): void {
    const { instanceId, targetGroup } = member.member;
    const { records, machines, goesDown } = this.#context;
    if (goesDown) return;
    const record = records.instances.get(instanceId);
    if (record === undefined) {
      const machine = machines.ofInstance(instanceId);
      if (machine === undefined || !isServing(machine) || machine.late) return;
      // With the records it was lost that a provider has servers which launches nothing any more.
      if (!this.#context.inForce.usesProvider(machine.provider, machine.group)) return;
      if (!this.#context.inForce.hasTarget(machine.group, targetGroup)) return;
      return this.#context.violate(
        'capacityKept',
        `${instanceId} was taken out of ${targetGroup} because nobody remembers it`,
      );
    }
    if (record.request?.kind === 'terminate' || !isServing(machines.ofInstance(instanceId))) return;
    const cause = causeOf(record);
    if (cause === 'machineGone' && machines.ofInstance(instanceId)?.hidden === true) return;
    const decided = this.#servedWhenEnded.get(instanceId);
    if (decided === undefined || (cause === 'operatorDrain' && decided.isFull)) return;
    let left = 0;
    for (const other of host.members()) {
      if (other.member.targetGroup !== targetGroup || !host.serves(other)) continue;
      if (records.instances.get(other.member.instanceId)?.group === record.group) left += 1;
    }
    const desired = this.#leastDesired(record.group);
    const allowance = this.#budget(record.group) + this.#recentlyDown(record.group);
    if (left < desired - allowance) {
      this.#context.violate(
        'capacityKept',
        `${instanceId} (${cause ?? record.state.name}) was taken out of ${targetGroup} and leaves ${left} of ${desired} healthy`,
      );
    }
  }

  /** Whether the maximum leaves no room to replace an instance first, and nothing is on its way that would make some. */
  #isFull({ id, group }: Instance): boolean {
    const others = this.#context.records.open(group).filter((other) => other.id !== id);
    const maxSize = Math.min(...this.#context.inForce.bounds(group).map((one) => one.maxSize));
    return others.length + 1 >= maxSize && others.every(serves);
  }

  /** Whether all servers of a group, two at least, have looked unhealthy for a while although their machines run. */
  #isBlind(group: string): boolean {
    const { hosts, records, machines, clock } = this.#context;
    const unhealthy = new Set<InstanceId>();
    for (const host of hosts) {
      for (const member of host.members()) {
        const record = records.instances.get(member.member.instanceId);
        if (record?.group !== group || !serves(record) || member.admin !== 'ready') continue;
        if (machines.ofInstance(record.id)?.state !== 'running') continue;
        if (member.health !== 'down' || clock.elapsedMs - member.changedMs < VISIBLE_AFTER_MS) return false;
        unhealthy.add(record.id);
      }
    }
    return unhealthy.size > 1;
  }

  #budget(group: string): number {
    return Math.max(1, Math.floor(this.#leastDesired(group) * REPLACEMENT_SHARE));
  }

  #leastDesired(group: string): number {
    const since = this.#context.since(DESIRED_LAG_MS);
    const sizes = this.#desired.get(group) ?? [];
    let least = sizes.at(-1)?.size ?? 0;
    for (let index = sizes.length - 2; index >= 0; index--) {
      const followed = sizes[index + 1];
      if (followed === undefined || followed.atMs < since) break;
      least = Math.min(least, sizes[index]?.size ?? 0);
    }
    return least;
  }

  #recentlyDown(group: string): number {
    const since = this.#context.since(DECISION_LAG_MS);
    return this.#wentDownMs.filter((one) => one.group === group && one.atMs >= since).length;
  }
}
