import type { Fleet } from '../../../src/model/fleet.ts';
import type { Endpoint, Instance, InstanceId } from '../../../src/model/instance.ts';
import { isEnding } from '../../../src/model/lifecycle.ts';
import type { Reading } from '../../../src/model/observation.ts';
import type { ProbeAnswer } from '../../../src/ports/probe.ts';
import type { LaunchRequest } from '../../../src/ports/provider.ts';
import type { Change, StoredState } from '../../../src/ports/store.ts';
import type { LoadBalancerHost, LoadBalancerWitness, SimMember } from '../world/load-balancer-host.ts';
import type { Machines } from '../world/machines.ts';
import { causeOf, type Records } from '../world/records.ts';
import type { MetricWitness } from '../world/sim-metric-source.ts';
import type { ProviderWitness } from '../world/sim-provider.ts';
import type { Trace } from '../world/trace.ts';
import type { VirtualClock } from '../world/virtual-clock.ts';
import type { SimZones } from '../world/zones.ts';
import { CapacityRules } from './capacity-rules.ts';
import { GraceRules } from './grace-rules.ts';
import { InForce } from './in-force.ts';
import { RecordRules } from './record-rules.ts';
import { RoutingRules } from './routing-rules.ts';
import type { RuleContext } from './rule-context.ts';
import { ScalingRules } from './scaling-rules.ts';
import { SightRules } from './sight-rules.ts';
import { SuspensionRules } from './suspension-rules.ts';
import { ZoneRules } from './zone-rules.ts';

export interface Violation {
  readonly invariant: string;
  readonly detail: string;
}

export type InvariantOptions = Pick<
  RuleContext,
  'clock' | 'fleet' | 'machines' | 'zones' | 'hosts' | 'records' | 'trace'
>;

/** More steps than this within one second of virtual time are a loop that does not wait. */
const STEPS_PER_SECOND = 5_000;

/**
 * What must never happen, whatever goes wrong outside. It knows the truth of the simulated world and what is in the store, and
 * is told of everything that is done to either.
 */
export class Invariants implements ProviderWitness, LoadBalancerWitness, MetricWitness, RuleContext {
  readonly violations: Violation[] = [];
  readonly clock: VirtualClock;
  readonly fleet: Fleet;
  readonly machines: Machines;
  readonly zones: SimZones;
  readonly hosts: readonly LoadBalancerHost[];
  readonly records: Records;
  readonly trace: Trace;
  /** Which fleet file the controller follows. */
  readonly inForce: InForce;
  /** Whether the fleet is being ended: no capacity has to be kept then. */
  goesDown = false;
  readonly #capacity: CapacityRules;
  readonly #grace: GraceRules;
  readonly #recording: RecordRules;
  readonly #routing: RoutingRules;
  readonly #scaling: ScalingRules;
  readonly #sight: SightRules;
  readonly #suspension: SuspensionRules;
  readonly #zoning: ZoneRules;
  readonly #reported = new Set<string>();
  /** The controller's host slept so long, and until then. */
  #slept = { forMs: 0, untilMs: 0 };
  #second = 0;
  #steps = 0;

  constructor({ clock, fleet, machines, zones, hosts, records, trace }: InvariantOptions) {
    this.clock = clock;
    this.fleet = fleet;
    this.machines = machines;
    this.zones = zones;
    this.hosts = hosts;
    this.records = records;
    this.trace = trace;
    this.inForce = new InForce(fleet, clock, records);
    this.#capacity = new CapacityRules(this);
    this.#grace = new GraceRules(this);
    this.#recording = new RecordRules(this);
    this.#routing = new RoutingRules(this);
    this.#scaling = new ScalingRules(this);
    this.#sight = new SightRules(this);
    this.#suspension = new SuspensionRules(this);
    this.#zoning = new ZoneRules(this);
  }

  /** The controller's host sleeps from now on. */
  asleep(forMs: number): void {
    this.#slept = { forMs, untilMs: this.clock.elapsedMs + forMs };
  }

  since(lagMs: number): number {
    const { elapsedMs } = this.clock;
    const { forMs, untilMs } = this.#slept;
    return elapsedMs - lagMs - (elapsedMs - lagMs < untilMs ? forMs : 0);
  }

  /** To be called after every step. */
  check(): void {
    const counts = new Map<string, number>();
    const owners = new Set<InstanceId>();
    const { machines, fleet, hosts } = this;
    for (const machine of machines.alive()) {
      if (machine.fleet !== fleet.name) continue;
      if (owners.has(machine.instanceId)) this.violate('oneMachineAnInstance', `two machines of ${machine.instanceId}`);
      owners.add(machine.instanceId);
      // What came to be after everybody had given it up cannot have been counted.
      if (!machine.late && !machine.hidden && this.inForce.usesProvider(machine.provider, machine.group))
        counts.set(machine.group, (counts.get(machine.group) ?? 0) + 1);
    }
    for (const [name, count] of counts) {
      const ceiling = this.inForce.ceiling(name);
      if (count > ceiling) this.violate('maxSize', `${name} has ${count} machines, its maximum is ${ceiling}`);
    }
    for (const host of hosts) {
      this.#routing.check(host);
      this.#grace.check(host);
    }
    this.#checkPace();
  }

  launching(request: LaunchRequest): void {
    this.#zoning.launching(request);
    const { instanceId, group } = request;
    const state = this.records.instances.get(instanceId)?.state.name;
    if (state !== 'launching') {
      this.violate(
        'committedBeforeActing',
        `launch of ${instanceId} of ${group}, whose record is ${state ?? 'missing'}`,
      );
    }
  }

  calledTooSoon(call: string): void {
    this.violate('rateLimitsHeeded', `${call}, although the provider has asked to be left alone`);
  }

  terminating(machineId: string): void {
    const { machines, fleet, records } = this;
    const machine = machines.get(machineId);
    if (machine === undefined) return;
    if (machine.fleet !== fleet.name) this.violate('foreignMachine', `terminate of ${machineId} of ${machine.fleet}`);
    const record = records.instances.get(machine.instanceId);
    if (record === undefined || !isEnding(record)) {
      const is = `whose record is ${record?.state.name ?? 'missing'}`;
      this.violate('committedBeforeActing', `terminate of ${machineId} of ${machine.instanceId}, ${is}`);
      return;
    }
    this.#grace.terminating(record);
  }

  commandRun(instanceId: InstanceId): void {
    this.#grace.commandRun(instanceId);
  }

  started(host: LoadBalancerHost): void {
    this.#recording.started(host.name);
    if (this.inForce.wantsLoadBalancer(host.name) === 'never') {
      this.violate('onlyWantedStarts', `${host.name} is started, and the fleet does not have it`);
    }
  }

  terminated({ name }: LoadBalancerHost): void {
    if (this.goesDown || this.inForce.wantsLoadBalancer(name) !== 'always') return;
    this.violate('wantedGoesOn', `${name} is terminated, and the fleet has it`);
  }

  takenOut(member: SimMember, host: LoadBalancerHost): void {
    this.#capacity.takenOut(member, host);
  }

  wentDown(member: SimMember): void {
    this.#capacity.wentDown(member);
  }

  cut(member: SimMember, requests: number, why: string): void {
    this.#routing.cut(member, requests, why);
  }

  probed(endpoint: Endpoint, answer: ProbeAnswer): void {
    this.#recording.probed(endpoint, answer);
    this.#routing.probed(endpoint, answer);
  }

  listed(): void {
    this.#sight.listed();
    this.#zoning.listed();
  }

  observed(loadBalancer: string): void {
    this.#sight.observed(loadBalancer);
  }

  readsAnew(group: string, metric: string): void {
    this.#scaling.readsAnew(group, metric);
  }

  hasRead(group: string, metric: string, reading: Reading): void {
    this.#scaling.hasRead(group, metric, reading);
  }

  /** What a controller finds in the store when it starts. */
  opened(stored: StoredState): void {
    this.#sight.opened();
    this.#zoning.opened();
    this.#recording.opened(stored);
  }

  /** A commit has failed: what it would have told nobody can be told. */
  refused(change: Change): void {
    this.#recording.told(change);
  }

  /** To be called for every commit, before `records` has it. */
  committing(change: Change): void {
    this.#recording.told(change);
    for (const { reason, message } of change.activities) this.trace.note('drover', `${reason}: ${message}`);
    const replaced: Instance[] = [];
    for (const instance of change.instances) {
      const before = this.records.instances.get(instance.id);
      this.#recording.moves(before, instance, change);
      this.#suspension.moves(before, instance);
      this.#sight.moves(before, instance);
      this.#routing.moves(instance);
      if (causeOf(instance) === null || (before !== undefined && causeOf(before) !== null)) continue;
      this.#capacity.noteEnding(instance);
      const cause = causeOf(instance);
      if ((cause !== 'unhealthy' && cause !== 'outlier') || before === undefined) continue;
      if (cause === 'unhealthy') this.#recording.isReplaced(instance);
      else this.#recording.isOutlier(instance);
      replaced.push(instance);
    }
    this.#capacity.replacing(replaced);
    this.#suspension.committing(change);
    this.#scaling.committing(change);
    this.#sight.committing(change);
    this.#zoning.committing(change);
    const desired = change.memory?.value.desired ?? null;
    if (change.memory === null || desired === null) return;
    this.#capacity.wants(change.memory.group, desired);
    this.#recording.wants(change.memory.group, desired, change.memory.value);
  }

  /** The controller says that the fleet is down. */
  checkDown(): void {
    const { machines, hosts, fleet, records } = this;
    for (const machine of machines.alive()) {
      if (machine.fleet !== fleet.name || machine.late || machine.hidden) continue;
      this.violate('downLeavesNothing', `${machine.id} of ${machine.instanceId} is ${machine.state}`);
    }
    for (const host of hosts) if (host.running) this.violate('downLeavesNothing', `${host.name} runs`);
    for (const { name } of fleet.autoScalingGroups) {
      for (const { id, state } of records.open(name)) this.violate('downLeavesNothing', `${id} is ${state.name}`);
    }
  }

  violate(invariant: string, detail: string): void {
    const key = `${invariant} ${detail}`;
    if (this.#reported.has(key)) return;
    this.#reported.add(key);
    this.trace.note('VIOLATION', `${invariant}: ${detail}`);
    this.violations.push({ invariant, detail });
  }

  #checkPace(): void {
    const second = Math.floor(this.clock.elapsedMs / 1000);
    this.#steps = second === this.#second ? this.#steps + 1 : 0;
    this.#second = second;
    if (this.#steps > STEPS_PER_SECOND) this.violate('pace', `more than ${STEPS_PER_SECOND} steps in one second`);
  }
}
