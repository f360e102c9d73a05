import type { TargetSighting, View } from '../decide/snapshot.ts';
import { type Activity, PLAIN_ACTIVITY } from '../model/activity.ts';
import type { AutoScalingGroup, Fleet, LoadBalancer } from '../model/fleet.ts';
import type { InstanceId } from '../model/instance.ts';
import type { Machine } from '../model/observation.ts';
import type { EpochMs } from '../model/time.ts';
import { asPortError } from '../ports/errors.ts';
import type { DesiredState, LoadBalancerDriver } from '../ports/load-balancer.ts';
import type { StoredState } from '../ports/store.ts';
import { BalancerLoop } from './balancer-loop.ts';
import { concerns } from './concerned.ts';
import type { ControllerOptions } from './controller-options.ts';
import { withDeadline } from './deadline.ts';
import { FileWatch } from './file-watch.ts';
import { GroupLoop } from './group-loop.ts';
import { MachineWatch } from './machine-watch.ts';
import { MetricHistory } from './metric-history.ts';
import { MetricWatch } from './metric-watch.ts';
import { Operations } from './operations.ts';

/** One try at ending a load balancer. */
const END_BALANCER_TIMEOUT_MS = 30_000;

interface Running {
  readonly stop: AbortController;
  readonly done: Promise<unknown>;
}

/** What the loops ask of the controller around them. */
export interface LoopsContext {
  readonly fleet: () => Fleet;
  readonly mode: () => 'up' | 'down';
  /** Resolves when it is recorded, or cannot be. */
  readonly tell: (activity: Activity) => Promise<void>;
}

/** All that runs for a fleet: one loop a group, one a load balancer, one watch a provider, and who tells whom. */
export class Loops {
  readonly #options: ControllerOptions;
  readonly #context: LoopsContext;
  readonly #startedAt: EpochMs;
  readonly #history: MetricHistory;
  readonly #stop = new AbortController();
  #recording: Promise<void> = Promise.resolve();
  readonly #groups = new Map<string, Running & { readonly loop: GroupLoop }>();
  readonly #balancers = new Map<
    string,
    Running & { readonly loop: BalancerLoop; readonly driver: LoadBalancerDriver }
  >();
  readonly #strangers = new Set<string>();
  readonly #providers = new Map<string, Running & { readonly watch: MachineWatch; readonly operations: Operations }>();

  constructor(options: ControllerOptions, context: LoopsContext) {
    this.#options = options;
    this.#context = context;
    this.#startedAt = options.clock.now();
    this.#history = new MetricHistory(options.store, options.clock, options.onProblem);
  }

  get groups(): readonly GroupLoop[] {
    return [...this.#groups.values()].map(({ loop }) => loop);
  }

  get balancers(): ReadonlyMap<string, BalancerLoop> {
    return new Map([...this.#balancers].map(([name, { loop }]) => [name, loop]));
  }

  start(stored: StoredState): void {
    const { autoScalingGroups, loadBalancers } = this.#context.fleet();
    for (const group of autoScalingGroups) this.#startGroup(group, stored);
    for (const loadBalancer of loadBalancers) this.#startBalancer(loadBalancer);
    this.#recording = this.#history.run(this.#stop.signal);
  }

  /** Lets go of everything. Servers and load balancers go on as they are. */
  async stop(): Promise<void> {
    const running = [...this.#groups.values(), ...this.#balancers.values(), ...this.#providers.values()];
    this.#stop.abort();
    for (const { stop } of running) stop.abort();
    await Promise.all([...this.#providers.values()].map(({ operations }) => operations.stop()));
    await Promise.all([this.#recording, ...running.map(({ done }) => done)]);
  }

  async endBalancer(name: string, signal: AbortSignal): Promise<void> {
    const running = this.#balancers.get(name);
    if (running === undefined) return;
    running.stop.abort();
    await running.done;
    await withDeadline(this.#options.clock, END_BALANCER_TIMEOUT_MS, signal, (bounded) => running.driver.stop(bounded));
    this.#balancers.delete(name);
  }

  /** Goes on with a changed fleet: what is the same runs on, the rest begins or ends. */
  async takeOver(fleet: Fleet, signal: AbortSignal): Promise<void> {
    const groups = new Map(fleet.autoScalingGroups.map((group) => [group.name, group]));
    const balancers = new Map(fleet.loadBalancers.map((loadBalancer) => [loadBalancer.name, loadBalancer]));
    for (const name of [...this.#balancers.keys()]) if (!balancers.has(name)) await this.endBalancer(name, signal);
    for (const [name, running] of [...this.#groups]) {
      const group = groups.get(name);
      if (group !== undefined && followsTheSame(group, running.loop.group)) {
        running.loop.update(group);
        continue;
      }
      // Something else to follow, or a group that is gone: its loop begins anew, or not.
      running.stop.abort();
      await running.done;
      this.#groups.delete(name);
    }
    const stored = await this.#options.store.load();
    for (const group of groups.values()) if (!this.#groups.has(group.name)) this.#startGroup(group, stored);
    for (const loadBalancer of balancers.values()) {
      if (!this.#balancers.has(loadBalancer.name)) this.#startBalancer(loadBalancer);
    }
    this.#membersChanged();
  }

  #startGroup(group: AutoScalingGroup, stored: StoredState): void {
    const { clock, ids, store, probe, onProblem } = this.#options;
    const stop = new AbortController();
    const file =
      group.desiredCapacityFile === null
        ? null
        : new FileWatch(this.#options.desiredFile(group.desiredCapacityFile), clock, () => loop.notify());
    const metrics = this.#metricsOf(group, () => loop);
    const loop = new GroupLoop(
      group,
      {
        memory: stored.groups.get(group.name),
        instances: stored.instances.filter((instance) => instance.group === group.name),
      },
      {
        clock,
        ids,
        store,
        mode: this.#context.mode,
        provider: (name) => this.#provider(name),
        targetGroups: ({ targetGroups }) =>
          this.#context
            .fleet()
            .targetGroups.filter(({ name }) => targetGroups.includes(name) && this.#balancerOf(name) !== undefined),
        targets: (name) => this.#targets(name),
        file: () => file?.reading ?? null,
        metrics: () => metrics.readings(),
        histories: () =>
          new Map(loop.group.scalingPolicies.map(({ metric }) => [metric, this.#history.hourly(group.name, metric)])),
        staleInMs: () => Math.min(this.#sightEndsInMs(loop.group), metrics.staleInMs),
        probe,
        onMembersChanged: () => this.#membersChanged(loop.group),
        onProblem,
        onUnannounced: (found) => this.#options.onUnannounced(`group ${group.name}: ${found}`),
      },
    );
    const done = Promise.all([loop.run(stop.signal), file?.run(stop.signal), metrics.run(stop.signal)]).then(() => {});
    done.catch((error) => onProblem(`group ${group.name} has stopped: ${asPortError(error).message}`));
    this.#groups.set(group.name, { loop, stop, done });
  }

  /** How long until what a group sees of its machines and targets is too old to go by. */
  #sightEndsInMs({ launchTemplate, targetGroups }: AutoScalingGroup): number {
    const balancers = targetGroups.flatMap((name) => this.#balancers.get(this.#balancerOf(name)?.name ?? '') ?? []);
    const sights = [this.#provider(launchTemplate.provider).watch, ...balancers.map(({ loop }) => loop)];
    return Math.min(...sights.map(({ staleInMs }) => staleInMs));
  }

  /** The watch over what a group's policies follow. */
  #metricsOf(group: AutoScalingGroup, loop: () => GroupLoop): MetricWatch {
    const { metricSource, clock } = this.#options;
    const context = {
      observations: () =>
        [...this.#balancers.values()].flatMap((balancer) => {
          const view = balancer.loop.view();
          if (view.kind === 'blind') return [];
          const { asked, observation } = view.value;
          return [{ at: asked.startedAt, steadyMs: asked.steadyMs, observation }];
        }),
      servers: () => loop().servers,
      isOwn: (id: InstanceId) => loop().has(id),
    };
    const watched = group.metrics.map((metric) => ({ metric, source: metricSource(metric, context) }));
    return new MetricWatch(watched, clock, (metric, reading) => {
      this.#history.take(group.name, metric, reading);
      loop().notify();
    });
  }

  #startBalancer({ name }: LoadBalancer): void {
    const { clock, onProblem } = this.#options;
    const stop = new AbortController();
    const driver = this.#options.loadBalancer(name);
    const loop = new BalancerLoop({
      name,
      driver,
      clock,
      desired: () => this.#desired(name),
      isReady: () => this.#feeding(name).every(({ loop: group }) => group.memory.surveyed),
      isBusy: () => this.#feeding(name).some(({ loop: group }) => group.isBusy),
      onSeen: (changed) => {
        for (const { loop: group } of this.#feeding(name)) {
          const isNews = group.group.targetGroups.some((targetGroup) => concerns(changed, targetGroup));
          if (isNews || group.isBusy) group.notify();
        }
      },
      tell: this.#context.tell,
    });
    const done = loop.run(stop.signal);
    done.catch((error) => onProblem(`load balancer ${name} has stopped: ${asPortError(error).message}`));
    this.#balancers.set(name, { loop, driver, stop, done });
  }

  #provider(name: string): { readonly watch: MachineWatch; readonly operations: Operations } {
    const known = this.#providers.get(name);
    if (known !== undefined) return known;
    const { clock, onProblem } = this.#options;
    const { provider, capabilities } = this.#options.provider(name);
    const stop = new AbortController();
    const watch = new MachineWatch(provider, capabilities, clock, (changed) => {
      for (const [group, { loop }] of this.#groups) if (concerns(changed, group) || loop.awaitsList) loop.notify();
      this.#tellStrangers(watch.strangers(new Set(this.#groups.keys())));
    });
    const done = watch.run(stop.signal);
    done.catch((error) => onProblem(`the watch over ${name} has stopped: ${asPortError(error).message}`));
    const running = { watch, operations: new Operations(provider, capabilities, clock), stop, done };
    this.#providers.set(name, running);
    return running;
  }

  /** Machines of groups that the fleet file does not have are told once, and left alone: nobody knows what they are for. */
  #tellStrangers(machines: readonly Machine[]): void {
    for (const { id, group } of machines) {
      if (this.#strangers.has(id)) continue;
      this.#strangers.add(id);
      const message = `Machine ${id} carries this fleet's tag and that of group ${group}, which the fleet file does not have. It is left alone: put the group back, or end it yourself.`;
      const at = this.#options.clock.now();
      void this.#context.tell({ ...PLAIN_ACTIVITY, at, level: 'warning', reason: 'orphanFound', message });
    }
  }

  #desired(name: string): DesiredState {
    const loadBalancer = this.#context.fleet().loadBalancers.find((candidate) => candidate.name === name);
    if (loadBalancer === undefined) throw new Error(`no load balancer ${name} in the fleet`);
    const names = new Set(loadBalancer.listeners.map(({ targetGroup }) => targetGroup));
    return {
      loadBalancer,
      targetGroups: this.#context.fleet().targetGroups.filter((targetGroup) => names.has(targetGroup.name)),
      members: [...this.#groups.values()].flatMap(({ loop }) =>
        loop.members().filter(({ targetGroup }) => names.has(targetGroup)),
      ),
    };
  }

  /** The groups whose servers are members of a load balancer. */
  #feeding(name: string): readonly { readonly loop: GroupLoop }[] {
    return [...this.#groups.values()].filter(({ loop }) =>
      loop.group.targetGroups.some((targetGroup) => this.#balancerOf(targetGroup)?.name === name),
    );
  }

  #balancerOf(targetGroup: string): LoadBalancer | undefined {
    return this.#context
      .fleet()
      .loadBalancers.find(({ listeners }) => listeners.some((listener) => listener.targetGroup === targetGroup));
  }

  #targets(targetGroup: string): View<TargetSighting> {
    const balancer = this.#balancers.get(this.#balancerOf(targetGroup)?.name ?? '');
    if (balancer === undefined) return { kind: 'blind', since: this.#startedAt, failure: null };
    const view = balancer.loop.view();
    if (view.kind === 'blind') return view;
    const { asked, observation } = view.value;
    const at = asked.startedAt;
    const seen = observation.targetGroups.find(({ name }) => name === targetGroup);
    if (seen === undefined) return { kind: 'blind', since: at, failure: null };
    const targets = new Map(seen.targets.map((target) => [target.instanceId, target]));
    return { kind: 'seen', value: { at, targets, recent: balancer.loop.recent(targetGroup) } };
  }

  /** Of one group, or of all. */
  #membersChanged(group?: AutoScalingGroup): void {
    const names = group?.targetGroups.map((targetGroup) => this.#balancerOf(targetGroup)?.name);
    for (const [name, { loop }] of this.#balancers) if (names === undefined || names.includes(name)) loop.changed();
  }
}

/** Whether a changed group is fed by what it was fed by before. */
function followsTheSame(now: AutoScalingGroup, before: AutoScalingGroup): boolean {
  return (
    now.desiredCapacityFile === before.desiredCapacityFile &&
    JSON.stringify(now.metrics) === JSON.stringify(before.metrics)
  );
}
