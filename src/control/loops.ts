import type { TargetSighting, View } from '../decide/snapshot.ts';
import type { Activity } from '../model/activity.ts';
import { type AutoScalingGroup, type Fleet, type LoadBalancer, NO_FLEET } from '../model/fleet.ts';
import type { EpochMs } from '../model/time.ts';
import { withDeadline } from '../ports/deadline.ts';
import type { DesiredState } from '../ports/load-balancer.ts';
import type { Observed } from '../ports/metric-source.ts';
import type { StoredState } from '../ports/store.ts';
import { BalancerLoop } from './balancer-loop.ts';
import { type Concerned, concerns } from './concerned.ts';
import type { ControllerOptions } from './controller-options.ts';
import { keepRunning } from './defects.ts';
import type { Hint } from './feed.ts';
import type { GroupLoop } from './group-loop.ts';
import { type KnownLoadBalancer, letGo } from './known-load-balancer.ts';
import { hasInForce, inForce, otherLoadBalancers } from './load-balancer-handover.ts';
import type { MachineWatch } from './machine-watch.ts';
import { MetricHistory } from './metric-history.ts';
import { Providers } from './providers.ts';
import { providerWanted, type Running, type RunningLoadBalancer, type Step } from './reconcile.ts';
import { type GroupNeighbours, RunningGroup } from './running-group.ts';
import { UnknownMachines } from './unknown-machines.ts';

/** One try at terminating a load balancer. */
const TERMINATE_TIMEOUT_MS = 30_000;
/** How long is waited for the load balancers to follow a new version. */
const ATTEMPT_MS = 10_000;

/** What the loops ask of the controller. */
export interface LoopsContext {
  readonly mode: () => 'up' | 'down';
  /** Resolves when it is recorded, or cannot be. */
  readonly report: (activity: Activity) => Promise<void>;
  /** What runs, or what is needed of it, is different now. */
  readonly onChanged: () => void;
  /** What is shown may be different. */
  readonly hint: (hint: Hint) => void;
}

/**
 * What runs for a fleet: a loop for each group and each load balancer, and the providers. It answers what these ask of each other, and performs
 * one step of reconciling at a time.
 */
export class Loops {
  readonly #options: ControllerOptions;
  readonly #context: LoopsContext;
  readonly #startedAt: EpochMs;
  readonly #history: MetricHistory;
  readonly providers: Providers;
  readonly #stop = new AbortController();
  #recording: Promise<void> = Promise.resolve();
  #fleet: Fleet = NO_FLEET;
  /** What was loaded before anything ran; null once something does. */
  #loaded: StoredState | null = null;
  readonly #groups = new Map<string, RunningGroup>();
  readonly #loadBalancers = new Map<string, KnownLoadBalancer>();
  /** Whether those are known that an earlier controller has left. */
  #hasListed = false;
  /** What each load balancer had in force when it was observed last, as text. */
  readonly #seenInForce = new Map<string, string>();
  readonly #unknown: UnknownMachines;

  constructor(options: ControllerOptions, context: LoopsContext) {
    const { clock, store, onProblem } = options;
    this.#options = options;
    this.#context = context;
    this.#unknown = new UnknownMachines(clock, context.report);
    this.#startedAt = clock.now();
    this.#history = new MetricHistory(store, clock, onProblem);
    this.providers = new Providers({
      ...options,
      open: (instance) => options.provider(instance, this.#fleet.name),
      onSeen: (changed, watch) => this.#machinesSeen(changed, watch),
      isAwaited: (name) => this.groups.some((loop) => loop.awaitsList && loop.providers.has(name)),
    });
  }

  /** The fleet that what runs is brought to. */
  get fleet(): Fleet {
    return this.#fleet;
  }

  /** What questions about all of it are answered from. */
  get parts() {
    return { clock: this.#options.clock, fleet: this.#fleet, groups: this.groups, providers: this.providers };
  }

  /** Of the groups that go on. */
  get groups(): readonly GroupLoop[] {
    return [...this.#groups.values()].flatMap(({ isStopping, loop }) => (isStopping ? [] : [loop]));
  }

  get balancers(): ReadonlyMap<string, BalancerLoop> {
    return new Map(
      [...this.#loadBalancers].flatMap(([name, { running }]) => (running === null ? [] : [[name, running.loop]])),
    );
  }

  /** What runs, to be compared with what should. */
  get running(): Running {
    const loadBalancers = new Map<string, RunningLoadBalancer>(
      [...this.#loadBalancers].map(([name, { description, running }]) => [
        name,
        {
          isKept: running?.stop.signal.aborted === false,
          description,
          listensOn: inForce(running?.loop)?.listeners.map(({ port }) => port) ?? [],
        },
      ]),
    );
    return {
      loadBalancers,
      hasListed: this.#hasListed,
      groups: new Map([...this.#groups].map(([name, { isStopping }]) => [name, !isStopping])),
      providers: this.providers.all,
      providersInUse: new Set([...this.#groups.values()].flatMap(({ loop }) => [...loop.providers])),
    };
  }

  start(stored: StoredState): void {
    this.#loaded = stored;
    const record = (signal: AbortSignal) => this.#history.run(signal);
    this.#recording = keepRunning('the recording of metrics', this.#options, this.#stop.signal, record);
  }

  /** Lets go of everything. Servers and load balancers go on as they are. */
  async stop(): Promise<void> {
    this.#stop.abort();
    const groups = [...this.#groups.values()].map((group) => group.stop());
    const balancers = [...this.#loadBalancers.values()].map((one) => letGo(one));
    await Promise.all([this.#recording, this.providers.closeAll(), ...groups, ...balancers]);
    await Promise.all([...this.#loadBalancers.values()].map(({ driver }) => driver.close()));
  }

  /** From now on this is the fleet. What goes on is changed at once, and what does not go on does nothing more; the rest is steps. */
  follow(fleet: Fleet): void {
    this.#fleet = fleet;
    const groups = new Map(fleet.autoScalingGroups.map((group) => [group.name, group]));
    for (const [name, running] of this.#groups) {
      const group = groups.get(name);
      if (group === undefined) running.abort();
      else running.update(group);
    }
    // One that the fleet does not have any more goes on until others have taken over its ports.
    for (const { running } of this.#loadBalancers.values()) running?.loop.renewed();
  }

  /** Resolves when each load balancer has the newest version of the fleet in force, or has refused it, or after a while. */
  async attempted(): Promise<void> {
    const { clock } = this.#options;
    const done = new AbortController();
    const all = Promise.all([...this.balancers.values()].map(({ attempted }) => attempted));
    await Promise.race([all, clock.sleep(ATTEMPT_MS, done.signal)]).finally(() => done.abort());
  }

  async perform(step: Step, signal: AbortSignal): Promise<void> {
    switch (step.kind) {
      case 'listLoadBalancers':
        return this.#listLoadBalancers();
      case 'startLoadBalancer':
        return this.#startLoadBalancer(step.name, signal);
      case 'terminateLoadBalancer':
        return this.#terminateLoadBalancer(step.name, signal);
      case 'openProvider':
        return this.providers.open(providerWanted(this.#fleet, this.running, step.name));
      case 'closeProvider':
        return this.providers.close(step.name);
      case 'startGroups':
        return this.#startGroups(step.names, signal);
      case 'endGroup':
        return this.#endGroup(step.name);
    }
  }

  async #startGroups(names: readonly string[], signal: AbortSignal): Promise<void> {
    const stored = this.#loaded ?? (await this.#options.store.load());
    this.#loaded = null;
    for (const group of this.#fleet.autoScalingGroups) {
      if (!names.includes(group.name) || this.#groups.has(group.name) || signal.aborted) continue;
      const memory = stored.groups.get(group.name);
      const instances = stored.instances.filter((instance) => instance.group === group.name);
      const running = new RunningGroup(group, { memory, instances }, this.#options, this.#neighbours());
      this.#groups.set(group.name, running);
      running.run();
    }
    this.#membersChanged();
  }

  async #endGroup(name: string): Promise<void> {
    const running = this.#groups.get(name);
    if (running === undefined) return;
    await running.stop();
    this.#history.forget(name);
    this.#groups.delete(name);
  }

  #neighbours(): GroupNeighbours {
    return {
      history: this.#history,
      fleet: () => this.#fleet.name,
      mode: this.#context.mode,
      machines: (provider, group) => this.providers.machines(provider, group),
      zones: (provider) => this.providers.zones(provider),
      operations: (provider) => this.providers.operations(provider),
      processOf: (provider, machineId) => this.providers.processOf(provider, machineId),
      throttled: (providers) => this.providers.throttled(providers),
      targetGroups: ({ targetGroups }) =>
        this.#fleet.targetGroups.filter(
          ({ name }) => targetGroups.includes(name) && this.#balancerOf(name) !== undefined,
        ),
      targets: (targetGroup) => this.#targets(targetGroup),
      sightEndsInMs: (group) => this.#sightEndsInMs(group),
      observations: () => this.#observations(),
      onMembersChanged: (group) => this.#membersChanged(group),
      onProvidersChanged: () => this.#context.onChanged(),
      onShown: (name) => this.#context.hint({ kind: 'group', name }),
    };
  }

  /** How long until what a group sees of its machines and targets is too old to go by. */
  #sightEndsInMs({ group: { targetGroups }, providers }: GroupLoop): number {
    const balancers = targetGroups.flatMap((name) => this.#loopOf(this.#balancerOf(name)?.name) ?? []);
    const machines = [...providers].map((name) => this.providers.staleInMs(name));
    return Math.min(...machines, ...balancers.map(({ staleInMs }) => staleInMs));
  }

  #observations(): readonly Observed[] {
    return [...this.balancers.values()].flatMap((loop) => {
      const view = loop.view();
      if (view.kind === 'blind') return [];
      const { asked, observation } = view.value;
      return [{ at: asked.startedAt, steadyMs: asked.steadyMs, observation }];
    });
  }

  /** Those that an earlier controller has left behind are known by their names alone, until they are kept or terminated. */
  async #listLoadBalancers(): Promise<void> {
    for (const name of await this.#options.existingLoadBalancers()) {
      if (!this.#loadBalancers.has(name)) this.#know(name);
    }
    this.#hasListed = true;
  }

  #know(name: string): KnownLoadBalancer {
    const known = this.#loadBalancers.get(name) ?? {
      driver: this.#options.loadBalancer(name),
      description: null,
      targetGroups: [],
      running: null,
    };
    this.#loadBalancers.set(name, known);
    return known;
  }

  async #startLoadBalancer(name: string, signal: AbortSignal): Promise<void> {
    const known = this.#know(name);
    if (known.running?.stop.signal.aborted === true) await letGo(known);
    const description = this.#fleet.loadBalancers.find((one) => one.name === name);
    if (known.running !== null || description === undefined || signal.aborted) return;
    const { clock, ids, onDefect } = this.#options;
    const stop = new AbortController();
    const loop = new BalancerLoop({
      name,
      driver: known.driver,
      clock,
      ids,
      desired: () => this.#desired(name),
      isReady: () => this.#areMachinesListed(name),
      isBusy: () => this.#feeding(name).some(({ isBusy }) => isBusy),
      onSeen: (changed) => this.#targetsSeen(name, changed),
      onAccepted: () => this.#membersChanged(),
      report: this.#context.report,
      onDefect: (error) => onDefect(`load balancer ${name}`, error),
    });
    const done = keepRunning(`load balancer ${name}`, this.#options, stop.signal, (stopped) => loop.run(stopped));
    known.running = { loop, stop, done };
  }

  /** HAProxy lets open requests finish first. */
  async #terminateLoadBalancer(name: string, signal: AbortSignal): Promise<void> {
    const known = this.#know(name);
    await letGo(known);
    const { clock } = this.#options;
    await withDeadline(clock, TERMINATE_TIMEOUT_MS, signal, (bounded) => known.driver.stop(bounded));
    await known.driver.close();
    this.#loadBalancers.delete(name);
    this.#seenInForce.delete(name);
    this.#membersChanged();
  }

  #targetsSeen(name: string, changed: Concerned): void {
    this.#inForceSeen(name);
    this.#context.hint({ kind: 'loadBalancer', name });
    for (const loop of this.#feeding(name)) {
      const isNews = loop.group.targetGroups.some((targetGroup) => concerns(changed, targetGroup));
      if (isNews || loop.isBusy) loop.notify();
    }
  }

  #machinesSeen(changed: Concerned, watch: MachineWatch): void {
    for (const [name, { loop }] of this.#groups) if (concerns(changed, name) || loop.awaitsList) loop.notify();
    this.#unknown.seen(watch.outside(new Set(this.#fleet.autoScalingGroups.map(({ name }) => name))));
  }

  /** What one has in force is what the others wait for. */
  #inForceSeen(name: string): void {
    const now = JSON.stringify(inForce(this.#loopOf(name)) ?? null);
    if (this.#seenInForce.get(name) === now) return;
    this.#seenInForce.set(name, now);
    if (this.#loadBalancers.size > 1) this.#membersChanged();
    this.#context.onChanged();
  }

  #desired(name: string): DesiredState | null {
    const { description: loadBalancer, targetGroups } = this.#described(name);
    if (loadBalancer === null) return null;
    const names = new Set(targetGroups.map((one) => one.name));
    const all = this.groups.flatMap((loop) => loop.members());
    const members = all.filter(({ targetGroup }) => names.has(targetGroup));
    const desired = { loadBalancer, targetGroups, members };
    if (this.#loadBalancers.size < 2) return desired;
    const neighbours = [...this.#loadBalancers].filter(([other]) => other !== name);
    const others = otherLoadBalancers(
      neighbours.map(([other, { running }]) => ({
        name: other,
        wanted: this.#fleet.loadBalancers.find((one) => one.name === other) ?? null,
        loop: running?.loop,
      })),
      all.filter(({ targetGroup }) => this.#balancerOf(targetGroup)?.name !== name),
    );
    return { ...desired, others };
  }

  /** As the fleet has it; one that is about to be terminated stays as it was. */
  #described(name: string): KnownLoadBalancer {
    const known = this.#know(name);
    const wanted = this.#fleet.loadBalancers.find((one) => one.name === name);
    if (wanted !== undefined) {
      known.description = wanted;
      const names = wanted.listeners.map(({ targetGroup }) => targetGroup);
      known.targetGroups = this.#fleet.targetGroups.filter((targetGroup) => names.includes(targetGroup.name));
    }
    return known;
  }

  /** The groups whose servers are members of a load balancer. */
  #feeding(name: string): readonly GroupLoop[] {
    return this.groups.filter((loop) =>
      loop.group.targetGroups.some((targetGroup) => this.#balancerOf(targetGroup)?.name === name),
    );
  }

  /** Whether it is known of every group behind a load balancer what members it has. */
  #areMachinesListed(name: string): boolean {
    return this.#fleet.autoScalingGroups
      .filter(({ targetGroups }) => targetGroups.some((one) => this.#balancerOf(one)?.name === name))
      .every((group) => this.#groups.get(group.name)?.loop.memory.machinesListed === true);
  }

  #balancerOf(targetGroup: string): LoadBalancer | undefined {
    return this.#fleet.loadBalancers.find(({ listeners }) =>
      listeners.some((listener) => listener.targetGroup === targetGroup),
    );
  }

  #loopOf(loadBalancer: string | undefined): BalancerLoop | undefined {
    return this.#loadBalancers.get(loadBalancer ?? '')?.running?.loop;
  }

  #targets(targetGroup: string): View<TargetSighting> {
    const loop = this.#loopOf(this.#balancerOf(targetGroup)?.name);
    if (loop === undefined) return { kind: 'blind', since: this.#startedAt, failure: null };
    const view = loop.view();
    if (view.kind === 'blind') return view;
    const { asked, observation } = view.value;
    const at = asked.startedAt;
    const seen = observation.targetGroups.find(({ name }) => name === targetGroup);
    if (seen === undefined) return { kind: 'blind', since: at, failure: null };
    const targets = new Map(seen.targets.map((target) => [target.instanceId, target]));
    return { kind: 'seen', value: { at, targets, recent: loop.recent(targetGroup) } };
  }

  /** Of one group, or of all. */
  #membersChanged(group?: AutoScalingGroup): void {
    const names = group?.targetGroups.map((targetGroup) => this.#balancerOf(targetGroup)?.name);
    const isTold = this.#isSettled() ? (name: string) => names?.includes(name) !== false : () => true;
    for (const [name, loop] of this.balancers) if (isTold(name)) loop.changed();
  }

  /** Whether each load balancer has what it should: until then servers may stay where they were. */
  #isSettled(): boolean {
    return [...this.#loadBalancers].every(([name, { running }]) => {
      const wanted = this.#fleet.loadBalancers.find((one) => one.name === name);
      return wanted !== undefined && running?.loop.isRefused === false && hasInForce(running.loop, wanted);
    });
  }
}
