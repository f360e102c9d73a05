import { isDeepStrictEqual } from 'node:util';
import type { GroupMemory } from '../../../src/model/group-memory.ts';
import type { Endpoint, Instance } from '../../../src/model/instance.ts';
import { isOver, serves } from '../../../src/model/lifecycle.ts';
import type { ProbeAnswer } from '../../../src/ports/probe.ts';
import type { Change, StoredState } from '../../../src/ports/store.ts';
import { placesTold } from '../world/network.ts';
import { causeOf } from '../world/records.ts';
import { DECISION_LAG_MS, isServing, type RuleContext } from './rule-context.ts';

/** How old the controller's own observation of a server may be when it is given up. */
const PROBE_LAG_MS = 20_000;
/** How long ago an outlier may have erred last when it is given up. */
const ERRED_LAG_MS = 30_000;
/** Servers of which the last observation is known. */
const KEPT_PROBES = 1_000;

/** What may be written into the records, and that it is still there when they are opened again. */
export class RecordRules {
  readonly #context: RuleContext;
  /** When the controller's own probes last found somebody unhealthy, by address. */
  readonly #probed = new Map<string, number>();

  /** Load balancers whose start has been told. */
  readonly #announced = new Set<string>();

  constructor(context: RuleContext) {
    this.#context = context;
  }

  probed({ address, port }: Endpoint, { healthy }: ProbeAnswer): void {
    if (this.#probed.size > KEPT_PROBES) this.#probed.clear();
    if (!healthy) this.#probed.set(`${address}:${port}`, this.#context.clock.elapsedMs);
  }

  /** It was recorded, or was tried to be, why a load balancer is started. */
  told({ activities }: Change): void {
    for (const { reason, message } of activities) {
      if (reason !== 'loadBalancerStarted') continue;
      for (const { name } of this.#context.hosts)
        if (message.includes(`load balancer ${name}`)) this.#announced.add(name);
    }
  }

  started(host: string): void {
    if (!this.#announced.delete(host))
      this.#context.violate('explained', `${host} is started, and no activity says so`);
  }

  /** What was committed is what the next controller finds, all of it and nothing else. */
  opened({ groups, instances }: StoredState): void {
    const { records } = this.#context;
    for (const instance of instances) {
      if (!isDeepStrictEqual(instance, records.instances.get(instance.id))) {
        this.#context.violate('storeKeeps', `the record of ${instance.id} is not what was committed`);
      }
    }
    const open = records.allOpen().length;
    if (open !== instances.length)
      this.#context.violate('storeKeeps', `${instances.length} records are stored, ${open} committed`);
    for (const [name, memory] of records.memory) {
      if (!isDeepStrictEqual(groups.get(name), memory)) {
        this.#context.violate('storeKeeps', `the memory of ${name} is not what was committed`);
      }
    }
  }

  moves(before: Instance | undefined, after: Instance, change: Change): void {
    const from = before?.state.name ?? 'none';
    const to = after.state.name;
    const legal: Readonly<Record<typeof from, readonly (typeof to)[]>> = {
      none: ['launching'],
      launching: ['launching', 'probing', 'booting', 'inService', 'draining', 'terminating'],
      probing: ['probing', 'booting', 'inService', 'draining', 'terminating'],
      booting: ['booting', 'inService', 'draining', 'terminating'],
      inService: ['inService', 'draining', 'terminating'],
      draining: ['draining', 'inService', 'terminating'],
      terminating: ['terminating', 'terminated'],
      terminated: [],
    };
    if (!legal[from].includes(to) && !this.#isAdoption(from, after)) {
      this.#context.violate('lifecycle', `${after.id} went from ${from} to ${to}`);
    }
    if (from !== to) this.#context.trace.note('record', `${after.id} ${from} -> ${to}`);
    this.#checkExplained(before, after, change);
    this.#checkDeclaredDead(before, after);
  }

  /** What only the load balancer calls unhealthy is not given up. */
  isReplaced({ id, machine, group }: Instance): void {
    const behind = this.#context.inForce.groups(group).some(({ targetGroups }) => targetGroups.length > 0);
    if (machine === null || !behind) return;
    const since = this.#context.since(PROBE_LAG_MS);
    if (placesTold(machine).some((place) => (this.#probed.get(place) ?? Number.NEGATIVE_INFINITY) >= since)) return;
    this.#context.violate('twoVantages', `${id} is replaced, but Drover has not found it unhealthy itself`);
  }

  /** Only a server that fails its requests is taken for one. */
  isOutlier({ id }: Instance): void {
    const machine = this.#context.machines.lastOfInstance(id);
    const erredMs = machine?.erring === true ? this.#context.clock.elapsedMs : (machine?.erredMs ?? null);
    if (erredMs !== null && erredMs >= this.#context.since(ERRED_LAG_MS)) return;
    this.#context.violate('outliersErr', `${id} is replaced as an outlier, and answers its requests`);
  }

  wants(group: string, desired: number, memory: GroupMemory): void {
    const bounds = this.#context.inForce.bounds(group, memory);
    if (bounds.length === 0) return;
    const minSize = Math.min(...bounds.map((one) => one.minSize));
    const maxSize = Math.max(...bounds.map((one) => one.maxSize));
    if (desired < minSize || desired > maxSize) {
      this.#context.violate('desiredWithinBounds', `${group} wants ${desired}, outside of ${minSize} to ${maxSize}`);
    }
  }

  /**
   * A machine without an open record is taken over at the group's first sight of its provider; later it is an orphan, which is
   * given a record only to end it.
   */
  #isAdoption(from: string, after: Instance): boolean {
    if (from !== 'none' && (from !== 'terminated' || this.#context.machines.ofInstance(after.id)?.late !== true))
      return false;
    if (causeOf(after) === 'orphan') return this.#isRipe(after);
    if (after.machine === null || isOver(after)) return false;
    const memory = this.#context.records.memory.get(after.group);
    // A zone that was out of sight then has come into sight.
    const isLate = memory?.unlistedZones.some((key) => key.endsWith(`/${after.placement.zone}`)) === true;
    return memory?.machinesListed !== true || isLate;
  }

  /** Whether a machine nobody has a record of has been there for the time that it is to be left alone. */
  #isRipe({ id, group }: Instance): boolean {
    const machine = this.#context.machines.ofInstance(id);
    const graceMs = Math.min(
      ...this.#context.inForce.groups(group).map(({ orphanGracePeriodMs }) => orphanGracePeriodMs),
    );
    return machine === undefined || this.#context.clock.elapsedMs - machine.launchedMs >= graceMs;
  }

  #checkExplained(before: Instance | undefined, after: Instance, change: Change): void {
    if (before?.state.name === after.state.name) return;
    if (change.activities.some(({ instanceId }) => instanceId === after.id)) return;
    this.#context.violate('explained', `${after.id} became ${after.state.name} without an activity that says why`);
  }

  /** An in-service machine is not to be given up as stopped or gone while it serves. */
  #checkDeclaredDead(before: Instance | undefined, after: Instance): void {
    const cause = causeOf(after);
    if ((cause !== 'machineStopped' && cause !== 'machineGone') || before === undefined || !serves(before)) return;
    const machine = this.#context.machines.ofInstance(after.id);
    if (machine === undefined || machine.hidden) return;
    // It did stop, and runs again by now: what rests on the list from before is right.
    if (machine.cameBackMs !== null && machine.cameBackMs >= this.#context.since(DECISION_LAG_MS)) return;
    if (isServing(machine)) {
      this.#context.violate('declaredDead', `${after.id} is ended as ${cause}, but its machine serves`);
    }
  }
}
