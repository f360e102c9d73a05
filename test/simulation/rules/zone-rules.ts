import type { GroupMemory } from '../../../src/model/group-memory.ts';
import type { Instance } from '../../../src/model/instance.ts';
import { lifecycleOf } from '../../../src/model/lifecycle.ts';
import type { LaunchRequest } from '../../../src/ports/provider.ts';
import type { Change } from '../../../src/ports/store.ts';
import { causeOf } from '../world/records.ts';
import { DECISION_LAG_MS, type RuleContext } from './rule-context.ts';

/** Servers are spread over the zones, nothing is launched where nobody sees it, and what is not seen is not taken for gone. */
export class ZoneRules {
  readonly #context: RuleContext;
  /** Since when this controller has known of zones that they cannot be seen. */
  readonly #knownSince = new Map<string, number>();
  /** Groups that cannot see their provider, as they have reported. */
  readonly #blind = new Set<string>();

  constructor(context: RuleContext) {
    this.#context = context;
  }

  /** A controller starts: it has seen nothing yet. */
  opened(): void {
    this.#knownSince.clear();
  }

  /** The provider has listed its machines, and named the zones that it cannot see. */
  listed(): void {
    const { zones, clock } = this.#context;
    for (const zone of zones.names) {
      if (!zones.isCut(zone)) this.#knownSince.delete(zone);
      else if (!this.#knownSince.has(zone)) this.#knownSince.set(zone, clock.elapsedMs);
    }
  }

  launching({ instanceId, group, placement }: LaunchRequest): void {
    const knownMs = this.#knownSince.get(placement.zone ?? '');
    if (knownMs === undefined || !this.#context.zones.isCut(placement.zone)) return;
    if (knownMs > this.#context.since(DECISION_LAG_MS)) return;
    // What was begun goes on while the provider as a whole cannot be seen.
    if (this.#blind.has(group)) return;
    this.#context.violate('nothingIntoUnseen', `${instanceId} is launched in ${placement.zone}, which cannot be seen`);
  }

  /** To be called for every commit, before the records have it. */
  committing(change: Change): void {
    for (const { group: name, reason } of change.activities) {
      if (name !== null && reason === 'providerBlind') this.#blind.add(name);
      else if (name !== null && reason === 'providerVisible') this.#blind.delete(name);
    }
    const { records, zones } = this.#context;
    if (zones.names.length === 0) return;
    const isNew = ({ id, machine, state }: Instance) =>
      !records.instances.has(id) && machine === null && state.name === 'launching';
    for (const instance of change.instances) if (!isNew(instance)) this.#checkGone(instance);
    const group = change.instances[0]?.group;
    if (group === undefined || !change.instances.some(isNew)) return;
    const after = new Map(records.open(group).map((instance) => [instance.id, instance]));
    for (const instance of change.instances) if (!isNew(instance)) after.set(instance.id, instance);
    const memory = change.memory?.value ?? records.memory.get(group);
    for (const instance of change.instances.filter(isNew)) {
      this.#checkBalance(instance, [...after.values()], memory);
      after.set(instance.id, instance);
    }
  }

  #checkGone(after: Instance): void {
    const { records, zones, machines } = this.#context;
    const before = records.instances.get(after.id);
    if (causeOf(after) !== 'machineGone' || (before !== undefined && causeOf(before) === 'machineGone')) return;
    const machine = machines.ofInstance(after.id);
    if (
      machine === undefined ||
      machine.hidden ||
      !zones.wasCutSince(machine.zone, this.#context.since(DECISION_LAG_MS))
    )
      return;
    this.#context.violate('unseenIsNotGone', `${after.id} is given up, and ${machine.zone} only cannot be seen`);
  }

  /** In the zone that has the fewest servers, of those that can be seen and have room as far as is known. */
  #checkBalance(launched: Instance, others: readonly Instance[], memory: GroupMemory | undefined): void {
    const { zones, clock, machines } = this.#context;
    const { launchTemplate, placement } = launched;
    const allowed = launchTemplate.zones.length > 0 ? launchTemplate.zones : zones.names;
    const types = launchTemplate.instanceTypes.length > 0 ? launchTemplate.instanceTypes : [null];
    const counted = others.filter(
      (one) => one.launchTemplate.provider === launchTemplate.provider && lifecycleOf(one).makesUpSize,
    );
    const count = (zone: string | null) => counted.filter((one) => one.placement.zone === zone).length;
    // Those that stay until their replacement serves are not known here.
    const mayLeave = ({ id, request, health }: Instance) =>
      request !== null ||
      health.status === 'unhealthy' ||
      machines.ofInstance(id)?.erredMs != null ||
      machines.ofInstance(id)?.erring === true;
    const leaving = (zone: string | null) =>
      counted.filter((one) => one.placement.zone === zone && mayLeave(one)).length;
    const isFull = (zone: string) =>
      types.every((instanceType) =>
        memory?.fullPlacements.some(
          (one) => one.zone === zone && one.instanceType === instanceType && one.until > launched.createdAt,
        ),
      );
    for (const zone of allowed) {
      if (zone === placement.zone || isFull(zone) || !zones.wasSeenSince(zone, clock.elapsedMs - DECISION_LAG_MS))
        continue;
      if (count(placement.zone) - leaving(placement.zone) <= count(zone)) continue;
      const sizes = `${count(placement.zone)} servers, ${zone} ${count(zone)}`;
      this.#context.violate('zonesBalanced', `${launched.id} is launched in ${placement.zone}, which has ${sizes}`);
    }
  }
}
