import type { AutoScalingGroup, Fleet } from '../model/fleet.ts';
import type { Instance, InstanceId } from '../model/instance.ts';
import type { LaunchRequest } from '../ports/provider.ts';
import type { Change } from '../ports/store.ts';
import type { LoadBalancerHost, LoadBalancerWitness, SimMember } from './load-balancer-host.ts';
import type { Machines, SimMachine } from './machines.ts';
import type { Records } from './records.ts';
import type { ProviderWitness } from './sim-provider.ts';
import type { Trace } from './trace.ts';
import type { VirtualClock } from './virtual-clock.ts';

export interface Violation {
  readonly invariant: string;
  readonly detail: string;
}

export interface InvariantOptions {
  readonly clock: VirtualClock;
  readonly fleet: Fleet;
  readonly machines: Machines;
  readonly hosts: readonly LoadBalancerHost[];
  readonly records: Records;
  readonly trace: Trace;
}

/** How old what a decision rests upon may be by the time that it takes effect. */
const DECISION_LAG_MS = 15_000;
/** How long a change of the desired size may take to be followed. */
const DESIRED_LAG_MS = 30_000;
/** What has been so for this long is seen by whoever looks. */
const VISIBLE_AFTER_MS = 5_000;
/** Share of the desired size that replacements may take out, at least one server. */
const REPLACEMENT_SHARE = 0.1;
/** More steps than this within one second of virtual time are a loop that does not wait. */
const STEPS_PER_SECOND = 5_000;

/**
 * What must never happen, whatever goes wrong outside. It knows the truth of the simulated world and what is in the store, and
 * is told of everything that is done to either.
 */
export class Invariants implements ProviderWitness, LoadBalancerWitness {
  readonly violations: Violation[] = [];
  readonly #options: InvariantOptions;
  readonly #desired = new Map<string, { readonly atMs: number; readonly size: number }[]>();
  readonly #wentDownMs: { readonly group: string; readonly atMs: number }[] = [];
  readonly #servedWhenEnded = new Set<InstanceId>();
  readonly #reported = new Set<string>();
  #second = 0;
  #steps = 0;

  constructor(options: InvariantOptions) {
    this.#options = options;
  }

  /** To be called after every step. */
  check(): void {
    const counts = new Map<string, number>();
    const owners = new Set<InstanceId>();
    const { machines, fleet, hosts } = this.#options;
    for (const machine of machines.alive()) {
      if (machine.fleet !== fleet.name) continue;
      if (owners.has(machine.instanceId))
        this.#violate('oneMachineAnInstance', `two machines of ${machine.instanceId}`);
      owners.add(machine.instanceId);
      // What came to be after everybody had given it up cannot have been counted.
      if (!machine.late) counts.set(machine.group, (counts.get(machine.group) ?? 0) + 1);
    }
    for (const { name, maxSize } of fleet.autoScalingGroups) {
      const count = counts.get(name) ?? 0;
      if (count > maxSize) this.#violate('maxSize', `${name} has ${count} machines, its maximum is ${maxSize}`);
    }
    for (const host of hosts) this.#checkRouting(host);
    this.#checkPace();
  }

  launching({ instanceId, group }: LaunchRequest): void {
    const state = this.#options.records.instances.get(instanceId)?.state.name;
    if (state !== 'launching') {
      this.#violate(
        'committedBeforeActing',
        `launch of ${instanceId} of ${group}, whose record is ${state ?? 'missing'}`,
      );
    }
  }

  terminating(machineId: string): void {
    const { machines, fleet, records } = this.#options;
    const machine = machines.get(machineId);
    if (machine === undefined) return;
    if (machine.fleet !== fleet.name) this.#violate('foreignMachine', `terminate of ${machineId} of ${machine.fleet}`);
    const state = records.instances.get(machine.instanceId)?.state.name;
    if (state !== 'terminating' && state !== 'terminated') {
      const record = `whose record is ${state ?? 'missing'}`;
      this.#violate('committedBeforeActing', `terminate of ${machineId} of ${machine.instanceId}, ${record}`);
    }
  }

  takenOut(member: SimMember, host: LoadBalancerHost): void {
    const { instanceId, targetGroup } = member.member;
    const { records, machines } = this.#options;
    const record = records.instances.get(instanceId);
    if (record === undefined) return;
    if (record.request?.kind === 'terminate' || !isServing(machines.ofInstance(instanceId))) return;
    const cause = causeOf(record);
    if (!this.#servedWhenEnded.has(instanceId) || (cause === 'operatorDrain' && this.#isFull(record))) return;
    let left = 0;
    for (const other of host.members()) {
      if (other.member.targetGroup !== targetGroup || !host.routesTo(other)) continue;
      if (records.instances.get(other.member.instanceId)?.group === record.group) left += 1;
    }
    const desired = this.#leastDesired(record.group);
    const allowance = Math.max(1, Math.floor(desired * REPLACEMENT_SHARE)) + this.#recentlyDown(record.group);
    if (left < desired - allowance) {
      this.#violate(
        'capacityKept',
        `${instanceId} (${cause ?? record.state.name}) was taken out of ${targetGroup} and leaves ${left} of ${desired} healthy`,
      );
    }
  }

  cut(member: SimMember, requests: number, why: string): void {
    const { instanceId } = member.member;
    const { records, clock } = this.#options;
    const record = records.instances.get(instanceId);
    const cause = record === undefined ? null : causeOf(record);
    if (record?.request?.kind === 'terminate') return;
    if (cause === 'machineStopped' || cause === 'machineGone') return;
    const drainedMs = member.drainingMs === null ? 0 : clock.elapsedMs - member.drainingMs;
    if (drainedMs >= member.deregistrationDelayMs) return;
    this.#violate(
      'requestsFinish',
      `${requests} requests of ${instanceId} (${cause ?? 'no record'}) were cut because ${why}, ${drainedMs} ms into a deregistration delay of ${member.deregistrationDelayMs} ms`,
    );
  }

  /** To be called for every commit, before `records` has it. */
  committing(change: Change): void {
    const { records, trace, clock } = this.#options;
    for (const { reason, message } of change.activities) trace.note('drover', `${reason}: ${message}`);
    const replaced = new Map<string, number>();
    for (const instance of change.instances) {
      const before = records.instances.get(instance.id);
      this.#checkTransition(before, instance);
      if (causeOf(instance) !== null && (before === undefined || causeOf(before) === null)) this.#noteEnding(instance);
      if (causeOf(instance) !== 'unhealthy' || before === undefined || causeOf(before) !== null) continue;
      replaced.set(instance.group, (replaced.get(instance.group) ?? 0) + 1);
      if (this.#isBlind(instance.group)) {
        this.#violate(
          'nothingReplacedBlind',
          `${instance.id} is replaced while all of ${instance.group} look unhealthy`,
        );
      }
    }
    for (const [group, count] of replaced) {
      const budget = Math.max(1, Math.floor(this.#leastDesired(group) * REPLACEMENT_SHARE));
      if (count > budget)
        this.#violate('replacementBudget', `${count} of ${group} replaced at once, ${budget} allowed`);
    }
    if (change.memory !== null && change.memory.value.desired !== null) {
      const { group, value } = change.memory;
      const sizes = this.#desired.get(group) ?? [];
      if (sizes.at(-1)?.size !== value.desired) sizes.push({ atMs: clock.elapsedMs, size: value.desired ?? 0 });
      this.#desired.set(group, sizes);
      this.#checkDesired(group, value.desired ?? 0);
    }
  }

  /** A server that was routed to is not any more, by no doing of Drover's. */
  wentDown(member: SimMember): void {
    const group = this.#options.records.instances.get(member.member.instanceId)?.group;
    if (group !== undefined) this.#wentDownMs.push({ group, atMs: this.#options.clock.elapsedMs });
  }

  violate(invariant: string, detail: string): void {
    this.#violate(invariant, detail);
  }

  #checkRouting(host: LoadBalancerHost): void {
    if (!host.running) return;
    for (const member of host.members()) {
      if (!host.routesTo(member)) continue;
      const { machines, fleet } = this.#options;
      const { instanceId, targetGroup, endpoint } = member.member;
      const machine = machines.lastOfInstance(instanceId);
      if (machine === undefined || machine.ended === null) continue;
      if (machine.ended === 'serving') {
        this.#violate('routedToEnded', `${host.name} routes to ${instanceId}, whose machine Drover has ended`);
      }
      // Its address was given to the next machine, before the load balancer had let go of it.
      const heir = machines.at(endpoint);
      const heirGroup = fleet.autoScalingGroups.find(({ name }) => name === heir?.group);
      if (heir?.answering && heir.instanceId !== instanceId && heirGroup?.targetGroups.includes(targetGroup) !== true) {
        this.#violate(
          'routedToStranger',
          `${host.name} routes from ${targetGroup} to ${heir.instanceId} of ${heir.group}`,
        );
      }
    }
  }

  #checkPace(): void {
    const second = Math.floor(this.#options.clock.elapsedMs / 1000);
    this.#steps = second === this.#second ? this.#steps + 1 : 0;
    this.#second = second;
    if (this.#steps > STEPS_PER_SECOND) this.#violate('pace', `more than ${STEPS_PER_SECOND} steps in one second`);
  }

  #checkTransition(before: Instance | undefined, after: Instance): void {
    const from = before?.state.name ?? 'none';
    const to = after.state.name;
    const legal: Readonly<Record<typeof from, readonly (typeof to)[]>> = {
      none: ['launching', 'booting'],
      launching: ['launching', 'booting', 'inService', 'draining', 'terminating'],
      booting: ['booting', 'inService', 'draining', 'terminating'],
      inService: ['inService', 'draining', 'terminating'],
      draining: ['draining', 'inService', 'terminating'],
      terminating: ['terminating', 'terminated'],
      terminated: [],
    };
    if (!legal[from].includes(to) && !this.#isAdoption(from, after)) {
      this.#violate('lifecycle', `${after.id} went from ${from} to ${to}`);
    }
    if (from !== to) this.#options.trace.note('record', `${after.id} ${from} -> ${to}`);
    this.#checkDeclaredDead(before, after);
  }

  /** Whether it is taken out of service can only be judged by what could be seen when that was decided. */
  #noteEnding({ id }: Instance): void {
    const { hosts, clock } = this.#options;
    this.#servedWhenEnded.delete(id);
    for (const host of hosts) {
      for (const member of host.members()) {
        if (member.member.instanceId !== id || !host.routesTo(member)) continue;
        if (clock.elapsedMs - member.changedMs > VISIBLE_AFTER_MS) this.#servedWhenEnded.add(id);
      }
    }
  }

  /** Whether the maximum leaves no room to replace an instance first, and nothing is on its way that would make some. */
  #isFull({ id, group }: Instance): boolean {
    const others = this.#options.records.open(group).filter((other) => other.id !== id);
    const maxSize = this.#group(group)?.maxSize ?? 0;
    return others.length + 1 >= maxSize && others.every(({ state }) => state.name === 'inService');
  }

  /** A machine without an open record is taken over; under a record that was closed only when nobody could have known of it. */
  #isAdoption(from: string, after: Instance): boolean {
    if (after.state.name === 'launching' || after.state.name === 'terminated') return false;
    return from === 'none' || (from === 'terminated' && this.#options.machines.ofInstance(after.id)?.late === true);
  }

  /** An in-service machine is not to be given up as stopped or gone while it serves. */
  #checkDeclaredDead(before: Instance | undefined, after: Instance): void {
    const cause = causeOf(after);
    if ((cause !== 'machineStopped' && cause !== 'machineGone') || before?.state.name !== 'inService') return;
    if (isServing(this.#options.machines.ofInstance(after.id))) {
      this.#violate('declaredDead', `${after.id} is ended as ${cause}, but its machine serves`);
    }
  }

  #checkDesired(group: string, desired: number): void {
    const settings = this.#group(group);
    if (settings !== undefined && (desired < settings.minSize || desired > settings.maxSize)) {
      this.#violate(
        'desiredWithinBounds',
        `${group} wants ${desired}, outside of ${settings.minSize} to ${settings.maxSize}`,
      );
    }
  }

  /** Whether all servers of a group, two at least, have looked unhealthy for a while although their machines run. */
  #isBlind(group: string): boolean {
    const { hosts, records, machines, clock } = this.#options;
    const unhealthy = new Set<InstanceId>();
    for (const host of hosts) {
      for (const member of host.members()) {
        const record = records.instances.get(member.member.instanceId);
        if (record?.group !== group || record.state.name !== 'inService' || member.admin !== 'ready') continue;
        if (machines.ofInstance(record.id)?.state !== 'running') continue;
        if (member.health !== 'down' || clock.elapsedMs - member.changedMs < VISIBLE_AFTER_MS) return false;
        unhealthy.add(record.id);
      }
    }
    return unhealthy.size > 1;
  }

  #leastDesired(group: string): number {
    const now = this.#options.clock.elapsedMs;
    const sizes = this.#desired.get(group) ?? [];
    let least = sizes.at(-1)?.size ?? 0;
    for (let index = sizes.length - 2; index >= 0; index--) {
      const followed = sizes[index + 1];
      if (followed === undefined || now - followed.atMs > DESIRED_LAG_MS) break;
      least = Math.min(least, sizes[index]?.size ?? 0);
    }
    return least;
  }

  #recentlyDown(group: string): number {
    const since = this.#options.clock.elapsedMs - DECISION_LAG_MS;
    return this.#wentDownMs.filter((one) => one.group === group && one.atMs >= since).length;
  }

  #group(name: string): AutoScalingGroup | undefined {
    return this.#options.fleet.autoScalingGroups.find((group) => group.name === name);
  }

  #violate(invariant: string, detail: string): void {
    const key = `${invariant} ${detail}`;
    if (this.#reported.has(key)) return;
    this.#reported.add(key);
    this.#options.trace.note('VIOLATION', `${invariant}: ${detail}`);
    this.violations.push({ invariant, detail });
  }
}

function isServing(machine: SimMachine | undefined): boolean {
  return machine?.answering ?? false;
}

function causeOf({ state }: Instance): string | null {
  return 'cause' in state ? state.cause : null;
}
