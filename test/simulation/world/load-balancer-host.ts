import type { Member } from '../../../src/model/member.ts';
import { PortError } from '../../../src/ports/errors.ts';
import type { DesiredState } from '../../../src/ports/load-balancer.ts';
import { type Checked, HealthChecks } from './health-checks.ts';
import { type MachineListener, type Machines, type SimMachine, serverState } from './machines.ts';
import { isPlaceOf } from './network.ts';
import type { Random } from './random.ts';
import { OpenRequests } from './requests.ts';
import type { Trace } from './trace.ts';
import type { Cancel, VirtualClock } from './virtual-clock.ts';

/** A server as the load balancer has it. */
export interface SimMember extends Checked {
  deregistrationDelayMs: number;
  readonly requests: OpenRequests;
  /** `removed`: out of the rotation, not forgotten yet. */
  admin: 'ready' | 'draining' | 'removed';
  /** Takes back that it will be forgotten; null while nobody sees to that. */
  forgetting: Cancel | null;
  /** When its health last changed, in milliseconds since the start. */
  changedMs: number;
  /** When it began to drain, in milliseconds since the start; null while it does not. */
  drainingMs: number | null;
}

/** Told what the load balancer does to its servers and their requests, when it does it. */
export interface LoadBalancerWitness {
  /** Its process is started. */
  started(host: LoadBalancerHost): void;
  /** Its controller terminates it. */
  terminated(host: LoadBalancerHost): void;
  /** It was routed to, and now the controller wants it drained or out. */
  takenOut(member: SimMember, host: LoadBalancerHost): void;
  /** It was routed to, and now its checks fail. */
  wentDown(member: SimMember): void;
  /** Open requests were broken off by something that Drover did. */
  cut(member: SimMember, requests: number, why: string): void;
}

export interface LoadBalancerOptions {
  readonly name: string;
  readonly clock: VirtualClock;
  readonly random: Random;
  readonly trace: Trace;
  readonly machines: Machines;
  readonly witness: LoadBalancerWitness;
  readonly conditions: {
    /** How long it needs until it forgets a server that was taken out. */
    readonly removalMs: readonly [number, number];
    /** How many requests a server that is routed to has open at once. */
    readonly openRequests: readonly [number, number];
  };
}

/**
 * A load balancer of the simulated world: its process, its configuration on disk, its servers and their health checks. It
 * outlives every controller.
 */
export class LoadBalancerHost implements MachineListener {
  readonly name: string;
  readonly version = '2.6.12';
  running = false;
  /** Whether the controller can talk to it. Traffic goes on either way. */
  reachable = true;
  #reports: 'truth' | 'allDown' | 'flapping' = 'truth';
  #truthfulSinceMs: number | null = 0;
  readonly #options: LoadBalancerOptions;
  readonly #watchers = new Set<() => void>();
  readonly #members = new Map<string, SimMember>();
  /** Where servers were healthy when they were observed last. */
  #seenHealthy = new Map<string, Member>();
  /** Requests to servers that it has forgotten since its start, by target group. */
  readonly #forgotten = new Map<string, number>();
  #disk: DesiredState | null = null;
  #configuration = '';
  readonly #checks: HealthChecks<SimMember>;

  constructor(options: LoadBalancerOptions) {
    this.name = options.name;
    this.#options = options;
    const { clock, random, machines } = options;
    this.#checks = new HealthChecks({ clock, random, machines, onResult: (one, health) => this.#found(one, health) });
    machines.listen(this);
  }

  members(): Iterable<SimMember> {
    return this.#members.values();
  }

  /** What it says of its servers: how it is, that all are down, or that they come and go. */
  get reports(): 'truth' | 'allDown' | 'flapping' {
    return this.#reports;
  }

  set reports(reports: 'truth' | 'allDown' | 'flapping') {
    this.#reports = reports;
    this.#truthfulSinceMs = reports === 'truth' ? this.#now() : null;
  }

  /** Since when its reports have been true, in milliseconds since the start; null while they are not. */
  get truthfulSinceMs(): number | null {
    return this.#truthfulSinceMs;
  }

  get disk(): DesiredState | null {
    return this.#disk;
  }

  get partitioned(): boolean {
    return this.#checks.partitioned;
  }

  /** Whether it finds a server healthy and gives it requests. */
  serves(member: SimMember): boolean {
    return this.running && member.admin === 'ready' && member.health === 'up';
  }

  /** Whether a server gets requests: with no healthy one in its target group, all that have been healthy once do. */
  routesTo(member: SimMember): boolean {
    if (!this.running || member.admin !== 'ready') return false;
    return member.health === 'up' || (member.member.proven && !this.#hasHealthy(member.member.targetGroup));
  }

  /** Requests of a server that have failed since it became a member. */
  failedRequests({ member, requests }: SimMember): number {
    return requests.failed(this.#now(), this.#options.machines.at(member.endpoint)?.erring === true);
  }

  /** Requests to a target group since the start, whoever they went to. */
  requestsTotal(targetGroup: string): number {
    let total = this.#forgotten.get(targetGroup) ?? 0;
    for (const { member, requests } of this.#members.values()) {
      if (member.targetGroup === targetGroup) total += requests.total(this.#now());
    }
    return total;
  }

  watch(onChange: () => void): () => void {
    this.#watchers.add(onChange);
    return () => this.#watchers.delete(onChange);
  }

  /**
   * What a restart will come back to.
   * @throws PortError `Invalid` when something else listens where it shall; nothing has changed then
   */
  save(desired: DesiredState): void {
    for (const { address, port } of desired.loadBalancer.listeners) {
      if (serverState(this.#options.machines.at({ address, port })) === 'dead') continue;
      const message = `${this.name} cannot listen on ${address} port ${port}: something else listens there`;
      throw new PortError('Invalid', 'listenerUnavailable', message);
    }
    this.observed();
    this.#disk = desired;
  }

  /** Its controller has observed it: a restart comes back to what that saw. */
  observed(): void {
    if (!this.running) return;
    const healthy = [...this.#members.values()].filter(({ health }) => health === 'up');
    this.#seenHealthy = new Map(healthy.map(({ member }) => [keyOf(member), member]));
  }

  /** Starts it from disk. Servers that were healthy at their address when they were observed last are in service at once. */
  start(): void {
    this.#options.trace.note(this.name, 'starts');
    this.#options.witness.started(this);
    this.running = true;
    for (const member of this.#members.values()) this.#forget(member);
    this.#forgotten.clear();
    for (const member of this.#disk?.members ?? []) {
      const seen = this.#seenHealthy.get(keyOf(member));
      this.#register(member, seen !== undefined && sameAddress(member, seen) ? 'up' : 'initial');
    }
    this.#configuration = configurationOf(this.#disk);
  }

  /** Whether what is on disk takes a reload. */
  get needsReload(): boolean {
    return this.#configuration !== configurationOf(this.#disk);
  }

  /** Makes what is on disk real. */
  reconcile(): void {
    const wanted = new Map(this.#disk?.members.map((member) => [keyOf(member), member]));
    for (const current of this.#members.values()) {
      if (!wanted.has(keyOf(current.member))) this.#remove(current);
    }
    for (const [key, member] of wanted) {
      const current = this.#members.get(key);
      if (current === undefined) this.#register(member, 'initial');
      else if (current.admin === 'removed' || !sameAddress(member, current.member)) this.#readmit(current, member);
      else {
        current.member = member;
        this.#followGroup(current);
        if (current.admin !== member.state) this.#setAdmin(current, member.state);
      }
    }
    this.#flowAll();
    this.#configuration = configurationOf(this.#disk);
  }

  /** Its controller has gone: who was taken out stays so until another one lets go of it. */
  pauseRemovals(): void {
    for (const member of this.#members.values()) {
      member.forgetting?.();
      member.forgetting = null;
    }
  }

  /** Its process ends, and every open request with it. */
  crash(): void {
    if (!this.running) return;
    this.#options.trace.note(this.name, 'is killed');
    this.running = false;
    for (const member of this.#members.values()) {
      member.requests.cut(this.#now());
      this.#checks.cancel(member);
      if (member.admin === 'removed') this.#forget(member);
    }
    this.#report();
  }

  /** It is ended by its controller, for good. */
  terminate(): void {
    this.#options.witness.terminated(this);
    this.crash();
    for (const member of this.#members.values()) this.#forget(member);
    this.#disk = null;
    this.#seenHealthy = new Map();
  }

  /** Cuts it off from its servers, or ends that. */
  setPartitioned(partitioned: boolean): void {
    this.#options.trace.note(this.name, partitioned ? 'is cut off from its servers' : 'reaches its servers again');
    this.#checks.partitioned = partitioned;
    for (const member of this.#members.values()) this.#check(member);
  }

  setFlapping(member: SimMember, flapping: boolean): void {
    member.flapping = flapping;
    this.#check(member);
  }

  changed(machine: SimMachine): void {
    for (const member of this.#members.values()) {
      if (!isPlaceOf(machine, member.member.endpoint)) continue;
      if (serverState(machine) === 'dead') {
        const isOwn = member.member.instanceId === machine.instanceId;
        this.#cut(member, isOwn && machine.ended === 'serving' ? 'its machine was ended' : null);
      }
      this.#check(member);
    }
  }

  #register(member: Member, health: SimMember['health']): void {
    const group = this.#disk?.targetGroups.find(({ name }) => name === member.targetGroup);
    if (group === undefined) return;
    const registered: SimMember = {
      member,
      deregistrationDelayMs: group.deregistrationDelayMs,
      check: group.healthCheck,
      requests: new OpenRequests(this.#options.random, this.#options.conditions.openRequests),
      admin: member.state,
      health,
      detail: '',
      pending: null,
      flapping: false,
      forgetting: null,
      changedMs: this.#now(),
      drainingMs: member.state === 'draining' ? this.#now() : null,
    };
    this.#members.set(keyOf(member), registered);
    this.#flowAll();
    this.#check(registered);
  }

  /** In again, as if it were new: after it was taken out, or at another address. What it has open goes on. */
  #readmit(current: SimMember, member: Member): void {
    const served = this.serves(current);
    this.#checks.cancel(current);
    current.member = member;
    current.health = 'initial';
    current.detail = '';
    current.changedMs = this.#now();
    this.#followGroup(current);
    this.#setAdmin(current, member.state);
    if (served) this.#options.witness.takenOut(current, this);
  }

  #setAdmin(member: SimMember, state: Member['state']): void {
    const served = this.serves(member);
    member.admin = state;
    member.drainingMs = state === 'draining' ? (member.drainingMs ?? this.#now()) : null;
    member.forgetting?.();
    member.forgetting = null;
    this.#flowAll();
    this.#check(member);
    this.#options.trace.note(this.name, `${member.member.instanceId} ${state}`);
    if (served) this.#options.witness.takenOut(member, this);
  }

  #remove(member: SimMember): void {
    if (member.admin === 'removed') return this.#letGo(member);
    const served = this.serves(member);
    member.admin = 'removed';
    this.#checks.cancel(member);
    this.#flowAll();
    this.#options.trace.note(this.name, `${member.member.instanceId} out`);
    if (served) this.#options.witness.takenOut(member, this);
    this.#letGo(member);
  }

  /** Forgets it by and by. */
  #letGo(member: SimMember): void {
    if (member.forgetting !== null) return;
    const [min, max] = this.#options.conditions.removalMs;
    member.forgetting = this.#options.clock.plan(this.#options.random.int(min, max), () => {
      if (this.#members.get(keyOf(member.member)) !== member) return;
      this.#cut(member, 'it was taken out');
      this.#forget(member);
      this.#report();
    });
  }

  #forget(one: SimMember): void {
    this.#checks.cancel(one);
    this.#members.delete(keyOf(one.member));
    const { targetGroup } = one.member;
    const before = this.#forgotten.get(targetGroup) ?? 0;
    this.#forgotten.set(targetGroup, before + one.requests.total(this.#now()));
  }

  #check(member: SimMember): void {
    if (this.running && member.admin !== 'removed') this.#checks.follow(member);
  }

  #found(member: SimMember, health: 'up' | 'down'): void {
    if (this.serves(member)) this.#options.witness.wentDown(member);
    member.health = health;
    member.changedMs = this.#now();
    this.#options.trace.note(this.name, `${member.member.instanceId} is ${health}`);
    this.#flowAll();
    this.#report();
  }

  /** A changed delay holds for those that begin to drain from then on. */
  #followGroup(member: SimMember): void {
    const group = this.#disk?.targetGroups.find(({ name }) => name === member.member.targetGroup);
    if (group === undefined) return;
    member.check = group.healthCheck;
    if (member.admin === 'ready') member.deregistrationDelayMs = group.deregistrationDelayMs;
  }

  #hasHealthy(targetGroup: string): boolean {
    for (const other of this.#members.values()) {
      if (other.member.targetGroup === targetGroup && this.serves(other)) return true;
    }
    return false;
  }

  /** What becomes of one server may send the requests of all others elsewhere. */
  #flowAll(): void {
    for (const member of this.#members.values()) {
      if (this.routesTo(member)) member.requests.flow(this.#now());
      else member.requests.ebb(this.#now(), member.deregistrationDelayMs);
    }
  }

  /** `why` is null when it was not Drover's doing. */
  #cut(member: SimMember, why: string | null): void {
    const requests = member.requests.cut(this.#now());
    if (requests > 0 && why !== null) this.#options.witness.cut(member, requests, why);
  }

  #report(): void {
    for (const watcher of this.#watchers) watcher();
  }

  #now(): number {
    return this.#options.clock.elapsedMs;
  }
}

function keyOf(member: Member): string {
  return `${member.targetGroup}/${member.instanceId}`;
}

function sameAddress(a: Member, b: Member): boolean {
  const isSamePlace = a.endpoint.address === b.endpoint.address && a.endpoint.port === b.endpoint.port;
  return isSamePlace && a.checkPort === b.checkPort;
}

/** What the runtime API cannot change. */
function configurationOf(desired: DesiredState | null): string {
  return JSON.stringify([desired?.loadBalancer, desired?.targetGroups]);
}
