import { count, plural } from '../base/plural.ts';
import type { Command } from '../decide/commands.ts';
import { desiredOf } from '../decide/desired.ts';
import { type Activity, PLAIN_ACTIVITY, type StoredActivity } from '../model/activity.ts';
import type { Fleet } from '../model/fleet.ts';
import type { InstanceId } from '../model/instance.ts';
import type { SuspendableProcess } from '../model/scaling-policy.ts';
import type { EpochMs } from '../model/time.ts';
import { isDefect } from '../ports/errors.ts';
import type { ActivityQuery } from '../ports/store.ts';
import type { FleetNumbers } from '../ports/telemetry.ts';
import type { Explanation, FleetStatus, FleetSummary, Plan } from '../views/status.ts';
import { Configuration } from './configuration.ts';
import type { ControllerOptions } from './controller-options.ts';
import { Defects, type OnDefect, reportingDefects } from './defects.ts';
import { explanation, plan, planned } from './explanation.ts';
import { Feed, Hints } from './feed.ts';
import type { FleetConfiguration } from './fleet-configuration.ts';
import type { FleetNotifications } from './fleet-notifications.ts';
import { fleetNumbers } from './fleet-numbers.ts';
import { groupHistory } from './group-history.ts';
import type { GroupLoop } from './group-loop.ts';
import { type Health, healthOf } from './health.ts';
import { listInstances } from './instance-list.ts';
import { LateActivities } from './late-activities.ts';
import { Loops } from './loops.ts';
import { Notifications } from './notifications.ts';
import { inWords, stepsLeft } from './reconcile.ts';
import { Reconciler } from './reconciler.ts';
import { Sampler } from './sampler.ts';
import { serverLogs } from './server-logs.ts';
import {
  type FleetFeed,
  type FleetService,
  type GroupHistory,
  type HistoryQuery,
  type InstanceQuery,
  ServiceError,
} from './service.ts';
import {
  fleetStatus,
  fleetSummary,
  groupSummary,
  instanceView,
  loadBalancers,
  type StatusSources,
  TargetIndex,
  targetGroups,
} from './status.ts';
import { untilDown } from './until-down.ts';
import { waitBeforeDrain } from './wait-before-drain.ts';

/** How many of a group's newest activities belong to its explanation. */
const EXPLAINED_ACTIVITIES = 5;

/** Runs a fleet, and does what people ask of it. */
export class Controller implements FleetService {
  readonly #options: ControllerOptions;
  readonly #startedAt: EpochMs;
  readonly #loops: Loops;
  readonly #reconciler: Reconciler;
  readonly #configuration: Configuration;
  readonly #notifications: Notifications;
  readonly #sampler: Sampler;
  readonly #late: LateActivities;
  readonly #defects: Defects;
  readonly #hints = new Hints();
  readonly #targets = new TargetIndex();
  readonly #stop = new AbortController();
  readonly #finished = Promise.withResolvers<void>();
  #sampling: Promise<void> = Promise.resolve();
  #reconciling: Promise<void> = Promise.resolve();
  #mode: 'up' | 'down';
  #isStarted = false;
  /** On the way down, once all servers are gone. */
  #endsLoadBalancers = false;

  constructor(options: ControllerOptions) {
    this.#options = options;
    this.#mode = options.mode;
    this.#startedAt = options.clock.now();
    const { store, clock, ids } = options;
    const onProblem = (message: string, error?: unknown): void => {
      if (error !== undefined && isDefect(error)) this.#defects.report('the records', error);
      else options.onProblem(message);
    };
    this.#late = new LateActivities({
      store,
      clock,
      onProblem,
      onRecorded: () => {
        this.#notifications.notify();
        this.#hints.give({ kind: 'recorded' });
      },
      signal: this.#stop.signal,
    });
    const report = (activity: Activity) => this.#late.record(activity);
    this.#defects = new Defects({ clock, log: options.onDefect, report });
    const onDefect = this.#defects.report;
    this.#loops = new Loops(
      { ...options, store: this.#late.store, onProblem, onDefect },
      {
        mode: () => this.#mode,
        report,
        onChanged: () => this.#reconciler.notify(),
        hint: (hint) => this.#hints.give(hint),
      },
    );
    this.#reconciler = new Reconciler({
      clock,
      ids,
      steps: () =>
        this.#configuration.isKnown ? stepsLeft(this.#fleet, this.#loops.running, this.#endsLoadBalancers) : [],
      perform: (step, signal) => reportingDefects(inWords(step), onDefect, () => this.#loops.perform(step, signal)),
      report,
    });
    this.#configuration = new Configuration(options, {
      loops: this.#loops,
      reconciler: this.#reconciler,
      store: this.#late.store,
      mode: () => this.#mode,
      onFollowed: (fleet) => this.#notifications.follow(fleet),
      report,
    });
    this.#notifications = new Notifications(
      { store: this.#late.store, clock, ids, open: options.notifier, onProblem, onDefect },
      this.#stop.signal,
    );
    this.#sampler = new Sampler(store, clock, onProblem);
  }

  /** Counts, logs and reports a programming error that something outside of the loops has met. */
  readonly reportDefect: OnDefect = (where, error) => this.#defects.report(where, error);

  /**
   * Begins with what the store remembers, and starts to observe.
   *
   * @throws ServiceError `conflict` when the store has instances that the fleet does not explain, `invalid`
   */
  async start(): Promise<void> {
    const { store, about } = this.#options;
    const stored = await store.load();
    await this.#notifications.load();
    await this.#configuration.start(stored.instances);
    const isNew = stored.groups.size === 0 && stored.instances.length === 0;
    const has = isNew ? 'is new' : `has ${count(stored.instances.length, 'server')}`;
    const what = this.#configuration.isKnown
      ? `fleet ${this.#fleet.name} ${has}`
      : 'it waits for its fleet: `drover apply <file>`';
    await this.#report('controllerStarted', `Drover ${about.version} (pid ${about.pid}) started; ${what}.`);
    this.#loops.start(stored);
    this.#reconciling = this.#reconciler.run(this.#stop.signal);
    this.#sampling = this.#sampler.run(
      () => [...this.#loops.balancers].map(([name, loop]) => ({ name, view: loop.view() })),
      () => this.#fleet.history,
      this.#stop.signal,
    );
    if (this.#mode === 'down') void this.#untilDown();
    this.#isStarted = true;
  }

  /** Lets go. Servers and load balancers go on as they are. */
  async stop(): Promise<void> {
    if (this.#stop.signal.aborted) return;
    const servers = this.#loops.groups.flatMap((loop) => loop.instances).length;
    this.#stop.abort();
    await Promise.all([this.#sampling, this.#reconciling, this.#notifications.stopped()]);
    await this.#loops.stop();
    await this.#report(
      'controllerStopped',
      `Drover (pid ${this.#options.about.pid}) stopped; ${count(servers, 'server')} ${plural(servers, 'keeps', 'keep')} running.`,
    );
    this.#finished.resolve();
  }

  get configuration(): FleetConfiguration {
    return this.#configuration;
  }

  get notifications(): FleetNotifications {
    return this.#notifications;
  }

  get #fleet(): Fleet {
    return this.#loops.fleet;
  }

  /** Resolves when the controller has come down, or was stopped. */
  get finished(): Promise<void> {
    return this.#finished.promise;
  }

  status(): FleetStatus {
    return fleetStatus(this.#sources());
  }

  fleet(): FleetSummary {
    return fleetSummary(this.#sources());
  }

  groups() {
    return this.#loops.groups.map(groupSummary);
  }

  instances(query: InstanceQuery): ReturnType<FleetService['instances']> {
    if (query.group !== undefined && !this.#describes(query.group)) this.#noGroup(query.group);
    return listInstances(this.#loops.groups, query, instanceView(this.#sources(), this.#targets));
  }

  instance(id: InstanceId) {
    const loop = this.#loops.groups.find((group) => group.has(id));
    const instance = loop?.instances.find((one) => one.id === id);
    if (loop === undefined || instance === undefined) return null;
    return instanceView(this.#sources(), this.#targets)(loop)(instance);
  }

  loadBalancers() {
    return loadBalancers(this.#sources());
  }

  targetGroups() {
    return targetGroups(this.#sources());
  }

  providers() {
    return this.#loops.providers.status;
  }

  async history(name: string, query: HistoryQuery): Promise<GroupHistory> {
    const { group } = await this.#group(name);
    return groupHistory(this.#options.store, group, query);
  }

  feed(onNews: () => void): FleetFeed {
    return new Feed({ sources: () => this.#sources(), targets: this.#targets, hints: this.#hints, onNews });
  }

  #sources(): StatusSources {
    const { source } = this.#options;
    return {
      at: this.#options.clock.now(),
      startedAt: this.#startedAt,
      fleet: this.#fleet,
      mode: this.#mode,
      about: { ...this.#options.about, fleetFile: source.kind === 'file' ? source.path : null },
      fleetVersion: this.#configuration.current,
      failed: this.#reconciler.failed,
      defects: this.#defects.count,
      groups: this.#loops.groups,
      balancers: this.#loops.balancers,
    };
  }

  /** For metrics: what it costs does not depend on how many instances there are. */
  readonly numbers = (): FleetNumbers => fleetNumbers({ ...this.#sources(), ...this.#loops.parts });
  /** For service managers and load balancers in front of the API. */
  readonly health = (): Health => healthOf({ ...this.#sources(), ...this.#loops.parts, isStarted: this.#isStarted });
  readonly logs: FleetService['logs'] = (of, wanted, signal) => serverLogs(of, wanted, this.#loops.parts, signal);

  async activities(query: ActivityQuery): Promise<readonly StoredActivity[]> {
    const found = await this.#options.store.activities(query);
    const { group, afterSequence } = query;
    // A group that the fleet file has no longer still has its history; one that never was is a mistake in its name.
    if (found.length === 0 && group !== undefined && afterSequence === undefined && !this.#describes(group))
      this.#noGroup(group);
    return found;
  }

  /** Whether the fleet has such a group, started or not yet. */
  #describes(group: string): boolean {
    return this.#fleet.autoScalingGroups.some(({ name }) => name === group);
  }

  async plan(): Promise<Plan> {
    const fleetChanges = this.#options.source.kind === 'file' ? await this.#configuration.fileChanges() : [];
    return plan({ ...this.#sources(), groups: this.#loops.groups }, fleetChanges, this.#defects.report);
  }

  async explain(group: string): Promise<Explanation> {
    const loop = await this.#group(group);
    const activities = await this.#options.store.activities({ group, limit: EXPLAINED_ACTIVITIES });
    const decision = planned(loop, this.#defects.report);
    return explanation({ at: this.#options.clock.now(), loop, decision, activities });
  }

  async setDesiredCapacity(
    group: string,
    desired: number,
  ): Promise<{ readonly before: number; readonly after: number }> {
    const loop = await this.#group(group);
    const { before, after } = await this.#obey(loop, { kind: 'setDesiredCapacity', desired });
    return {
      before: desiredOf({ group: loop.group, memory: before }),
      after: desiredOf({ group: loop.group, memory: after }),
    };
  }

  async drainInstance(id: InstanceId, force: boolean): Promise<{ readonly waitsFor: string | null }> {
    const loop = this.#groupOf(id);
    await this.#obey(loop, { kind: 'drain', instanceId: id, force });
    return { waitsFor: waitBeforeDrain(id, loop.instances, planned(loop, this.#defects.report)) };
  }

  async terminateInstance(id: InstanceId, force: boolean): Promise<void> {
    await this.#obey(this.#groupOf(id), { kind: 'terminate', instanceId: id, force });
  }

  async resumeLaunch(group: string): Promise<void> {
    await this.#obey(await this.#group(group), { kind: 'resumeLaunch' });
  }

  async suspendProcesses(
    group: string,
    processes: readonly SuspendableProcess[],
  ): Promise<readonly SuspendableProcess[]> {
    const { after } = await this.#obey(await this.#group(group), { kind: 'suspendProcesses', processes });
    return after.suspendedProcesses;
  }

  async resumeProcesses(
    group: string,
    processes: readonly SuspendableProcess[],
  ): Promise<readonly SuspendableProcess[]> {
    const { after } = await this.#obey(await this.#group(group), { kind: 'resumeProcesses', processes });
    return after.suspendedProcesses;
  }

  async down(): Promise<void> {
    if (this.#mode === 'down') return;
    this.#mode = 'down';
    await this.#report(
      'fleetDown',
      'Terminating everything that the fleet owns: servers are drained first, then the load balancers stop.',
    );
    for (const loop of this.#loops.groups) loop.notify();
    void this.#untilDown();
  }

  async #untilDown(): Promise<void> {
    const { signal } = this.#stop;
    const endLoadBalancers = () => {
      this.#endsLoadBalancers = true;
      this.#reconciler.notify();
    };
    await untilDown(
      { loops: this.#loops, clock: this.#options.clock, fleet: this.#configuration, endLoadBalancers },
      signal,
    );
    if (!signal.aborted) await this.#notifications.sendLast();
    if (!signal.aborted) this.#finished.resolve();
  }

  #obey(loop: GroupLoop, command: Command): ReturnType<GroupLoop['obey']> {
    return loop.obey(command, () => ({
      balanced: new Set(this.#fleet.loadBalancers.flatMap(({ listeners }) => listeners.map((one) => one.targetGroup))),
      others: this.#loops.groups.filter((other) => other !== loop),
    }));
  }

  /** One that has just been added, or whose controller has just been started, is waited for. */
  async #group(name: string): Promise<GroupLoop> {
    const find = () => this.#loops.groups.find(({ group }) => group.name === name);
    if (find() === undefined && this.#describes(name)) await this.#reconciler.attempted();
    return find() ?? this.#noGroup(name);
  }

  #noGroup(name: string): never {
    if (this.#describes(name))
      throw new ServiceError('conflict', `Group ${name} has not been started yet: try again in a moment.`);
    const names = this.#loops.groups.map(({ group }) => group.name).join(', ');
    throw new ServiceError('notFound', `There is no group ${name} in fleet ${this.#fleet.name}; it has: ${names}.`);
  }

  #groupOf(id: InstanceId): GroupLoop {
    const loop = this.#loops.groups.find(({ instances }) => instances.some((instance) => instance.id === id));
    if (loop !== undefined) return loop;
    throw new ServiceError('notFound', `There is no instance ${id} in fleet ${this.#fleet.name}.`);
  }

  #report(reason: Activity['reason'], message: string, level: Activity['level'] = 'info'): Promise<void> {
    return this.#late.record({ ...PLAIN_ACTIVITY, at: this.#options.clock.now(), level, reason, message });
  }
}
