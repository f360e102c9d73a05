import { Backoff, type BackoffLimits } from '../base/backoff.ts';
import { Serial } from '../base/serial.ts';
import { type Command, decideCommand } from '../decide/commands.ts';
import { decide } from '../decide/decide.ts';
import type { Decision } from '../decide/draft.ts';
import { isSameMember, memberships } from '../decide/membership.ts';
import { Forecasts } from '../decide/policies/forecast.ts';
import type { PolicyVerdict } from '../decide/policies/policy.ts';
import { Calendar } from '../decide/schedule.ts';
import type { CommandRecords, Outcome, Sightings, Snapshot, View } from '../decide/snapshot.ts';
import type { AutoScalingGroup } from '../model/fleet.ts';
import { EMPTY_MEMORY, type GroupMemory } from '../model/group-memory.ts';
import type { Hold } from '../model/hold.ts';
import type { Instance, InstanceId } from '../model/instance.ts';
import { isOver, lifecycleOf } from '../model/lifecycle.ts';
import type { Member } from '../model/member.ts';
import type { Machine } from '../model/observation.ts';
import type { EpochMs } from '../model/time.ts';
import { PortError } from '../ports/errors.ts';
import type { MeasuredServer } from '../ports/metric-source.ts';
import type { Change } from '../ports/store.ts';
import { adjustedRecords, afterClockChange, clockChanged, type GroupRecords } from './clock-changes.ts';
import { defectHold } from './defects.ts';
import type { GroupContext } from './group-context.ts';
import { InstanceCounts } from './instance-counts.ts';
import { measuredServers } from './measured-servers.ts';
import type { Operations } from './operations.ts';
import { type Pause, pauseFor } from './pause.ts';
import { perform } from './perform.ts';
import { Probes } from './probes.ts';
import { ServiceError } from './service.ts';
import { mergeSightings } from './sightings.ts';
import { Stopwatch } from './stopwatch.ts';
import { describe } from './unannounced.ts';
import { Wake } from './wake.ts';

/** A group is checked at least this often, whatever the events say. */
const CHECK_INTERVAL_MAX_MS = 5_000;
/** After a check that failed. */
const BACKOFF: BackoffLimits = { minMs: 100, maxMs: 10_000 };
/** How long a terminated instance is remembered, so that an old list does not bring it back. */
const ENDED_MEMORY_MS = 600_000;

/**
 * The loop of one group: observe, decide, commit, perform; then wait for a reason to check again. Nothing is done before the
 * decision to do it has been committed, so that it may be killed at any line.
 */
export class GroupLoop {
  readonly counts: InstanceCounts;
  #group: AutoScalingGroup;
  readonly #context: GroupContext;
  readonly #wake: Wake;
  #memory: GroupMemory;
  #instances: Map<InstanceId, Instance>;
  #outcomes: Outcome[] = [];
  readonly #ended = new Map<InstanceId, Stopwatch>();
  #holds: readonly Hold[] = [];
  #verdicts: readonly PolicyVerdict[] = [];
  #awaitsList = true;
  readonly #turn = new Serial();
  readonly #probes: Probes;
  readonly #calendar = new Calendar();
  readonly #forecasts = new Forecasts();
  readonly #backoff: Backoff;
  #checked: Stopwatch;
  /** Since the clock was followed last; null before that. */
  #followed: Stopwatch | null = null;
  /** Whether the last decision knew of every machine that the provider has. */
  #knowsAllMachines = false;
  #signal = new AbortController().signal;

  constructor(
    group: AutoScalingGroup,
    stored: { memory: GroupMemory | undefined; instances: readonly Instance[] },
    context: GroupContext,
  ) {
    this.#group = group;
    this.#context = context;
    this.#wake = new Wake(context.clock);
    this.#backoff = new Backoff(BACKOFF, () => context.ids.seed());
    const onDefect = (error: unknown) => context.onDefect(`the probes of group ${group.name}`, error);
    this.#probes = new Probes(context.probe, context.clock, () => this.notify(), onDefect);
    this.#memory = stored.memory ?? EMPTY_MEMORY;
    this.#instances = new Map(stored.instances.map((instance) => [instance.id, instance]));
    this.counts = new InstanceCounts(stored.instances);
    this.#checked = new Stopwatch(context.clock);
  }

  get group(): AutoScalingGroup {
    return this.#group;
  }

  get memory(): GroupMemory {
    return this.#memory;
  }

  get instances(): readonly Instance[] {
    return [...this.#instances.values()];
  }

  /** Since a check has ended. */
  get sinceCheckMs(): number {
    return this.#checked.elapsedMs;
  }

  get holds(): readonly Hold[] {
    return this.#holds;
  }

  /** Whether the last decision left something open that the provider's next list decides. */
  get awaitsList(): boolean {
    return this.#awaitsList;
  }

  /** What the policies saw and wanted at the last decision. */
  get verdicts(): readonly PolicyVerdict[] {
    return this.#verdicts;
  }

  /** Whether an instance is on its way into the load balancer or out of it, so that observing that often is worth it. */
  get isBusy(): boolean {
    for (const instance of this.#instances.values()) if (lifecycleOf(instance).isMoving) return true;
    return false;
  }

  /** Whether nothing of the group is left, as far as can be seen. */
  get isEmpty(): boolean {
    return this.#knowsAllMachines && this.#instances.size === 0;
  }

  /** What can be measured: servers in service, with their process where it is one of this host. */
  get servers(): readonly MeasuredServer[] {
    const { clock, processOf } = this.#context;
    return measuredServers(this.instances, this.#group, clock.now(), processOf);
  }

  /** The names of the providers of new servers and of present ones. */
  get providers(): ReadonlySet<string> {
    const names = new Set([this.#group.launchTemplate.provider]);
    for (const { launchTemplate } of this.#instances.values()) names.add(launchTemplate.provider);
    return names;
  }

  has(id: InstanceId): boolean {
    return this.#instances.has(id);
  }

  /** The group's machines as their provider listed them last. */
  get machines(): ReadonlyMap<InstanceId, Machine> {
    const view = this.#sightings();
    return view.kind === 'seen' ? view.value.machines : new Map();
  }

  members(): Member[] {
    return memberships(this.#context.targetGroups(this.#group), this.#instances.values(), this.#memory);
  }

  notify(): void {
    this.#wake.notify();
  }

  /** The group as a changed fleet file describes it. */
  update(group: AutoScalingGroup): void {
    this.#group = group;
    this.notify();
  }

  async run(signal: AbortSignal): Promise<void> {
    this.#signal = signal;
    signal.addEventListener('abort', () => this.notify(), { once: true });
    const context = { clock: this.#context.clock, wake: this.#wake, signal, isBlind: () => this.#isBlind() };
    let announced = true;
    while (!signal.aborted) {
      announced = await pauseFor(await this.#check(announced), context);
    }
    this.#probes.stop();
  }

  /** What the next decision would be, without any of it being done. */
  plan(): Decision {
    return decide(this.#snapshot(this.#outcomes), this.#context.clock.now());
  }

  /**
   * Does what a person asks of the group: decided between two decisions of its own, never in the middle of one, and committed before
   * it is answered.
   *
   * @param elsewhere what the rest of the fleet is like at that time
   * @returns what the group remembered before and remembers now
   * @throws ServiceError for what cannot be done
   */
  obey(
    command: Command,
    elsewhere: () => Pick<CommandRecords, 'balanced' | 'others'>,
  ): Promise<{ readonly before: GroupMemory; readonly after: GroupMemory }> {
    return this.#turn.run(async () => {
      await this.#followClock();
      const before = this.#memory;
      const records = { group: this.#group, memory: before, instances: this.instances, ...elsewhere() };
      const decided = decideCommand(records, command, this.#context.clock.now());
      if (decided.kind === 'refusal') throw new ServiceError(decided.code, decided.message);
      const { memory, instances, activities } = decided;
      if (memory === null && instances.length === 0) return { before, after: before };
      await this.#commit({ memory, instances, activities });
      this.notify();
      return { before, after: this.#memory };
    });
  }

  /** Runs a step between two decisions: the group decides nothing, and its records stay as they are, until it has ended. */
  whilePaused<T>(step: () => Promise<T>): Promise<T> {
    return this.#turn.run(step);
  }

  /** Commits a change and takes it over. To be called in turn alone. */
  async #commit(change: Omit<Change, 'memory'> & { readonly memory: GroupMemory | null }): Promise<void> {
    const value = change.memory === null ? null : { ...change.memory, savedAt: this.#context.clock.now() };
    const memory = value === null ? null : { group: this.#group.name, value };
    await this.#context.store.commit({ ...change, memory });
    const membersChanged =
      (value !== null && feedsOtherwise(value, this.#memory)) ||
      change.instances.some((instance) => !isSameMember(this.#instances.get(instance.id), instance));
    if (value !== null) this.#memory = value;
    for (const instance of change.instances) {
      this.counts.changed(this.#instances.get(instance.id), instance);
      if (isOver(instance)) {
        this.#instances.delete(instance.id);
        this.#ended.set(instance.id, new Stopwatch(this.#context.clock));
      } else {
        this.#instances.set(instance.id, instance);
      }
    }
    if (membersChanged) this.#context.onMembersChanged(this.#group);
    this.#context.onShown(this.#group.name);
    if (change.instances.some((instance) => this.#isOfAnotherProvider(instance))) this.#context.onProvidersChanged();
  }

  #isOfAnotherProvider({ state, launchTemplate }: Instance): boolean {
    return state.name === 'terminated' && launchTemplate.provider !== this.#group.launchTemplate.provider;
  }

  #check(announced: boolean): Promise<Pause> {
    // What happened while this check waited for its turn has announced it as well.
    return this.#turn.run(() => this.#tryToCheck(announced || this.#wake.isNotified));
  }

  async #tryToCheck(announced: boolean): Promise<Pause> {
    // Whatever it would decide, nobody would perform.
    if (this.#signal.aborted) return { waitMs: 0, planned: true };
    try {
      const check = { kind: 'check', group: this.#group.name } as const;
      const pause = await this.#context.telemetry.measure(check, (ended) => this.#decideAndPerform(announced, ended));
      this.#backoff.reset();
      return pause;
    } catch (error) {
      // Nothing was decided then, and the outcomes stay for the next decision.
      this.#holds = [this.#standsStill(error)];
      return { waitMs: this.#backoff.next(), planned: true };
    } finally {
      this.#checked = new Stopwatch(this.#context.clock);
    }
  }

  #standsStill(error: unknown): Hold {
    // The store types all of its errors.
    if (error instanceof PortError) {
      this.#context.onProblem(`group ${this.#group.name}: ${error.message}`);
      const message = `Nothing is done, because it cannot be recorded: ${error.message}`;
      return { code: 'cannotCommit', message, until: null };
    }
    this.#context.onDefect(`group ${this.#group.name}`, error);
    return defectHold(error);
  }

  async #decideAndPerform(announced: boolean, ended: (step: string) => void): Promise<Pause> {
    const wasSet = await this.#followClock();
    const now = this.#context.clock.now();
    for (const [id, { elapsedMs }] of this.#ended) if (elapsedMs > ENDED_MEMORY_MS) this.#ended.delete(id);
    const outcomes = [...this.#outcomes];
    const snapshot = this.#snapshot(outcomes);
    ended('observe');
    const decision = decide(snapshot, now);
    ended('decide');
    const { changed, activities, memory, memoryChanged, wakeAt } = decision;
    const news = changed.length > 0 || activities.length > 0;
    if (news || memoryChanged)
      await this.#commit({ memory: memoryChanged ? memory : null, instances: changed, activities });
    ended('commit');
    this.#outcomes = this.#outcomes.slice(outcomes.length);
    this.#holds = decision.holds;
    this.#verdicts = decision.verdicts;
    this.#awaitsList = decision.awaitsList;
    this.#context.onShown(this.#group.name);
    const { machinesListed, unlistedZones } = memory;
    this.#knowsAllMachines =
      snapshot.machines.kind === 'seen' &&
      snapshot.machines.value.previous !== null &&
      machinesListed &&
      unlistedZones.length === 0;
    this.#perform(decision, now);
    ended('perform');
    // What a clock that was set brings with it nobody can announce.
    if ((news || memoryChanged) && !announced && !wasSet) this.#context.onUnannounced(describe(decision, snapshot));
    if (this.#outcomes.length > 0) return { waitMs: 0, planned: true };
    const plannedMs = Math.min(wakeAt === null ? Number.POSITIVE_INFINITY : wakeAt - now, this.#context.staleInMs());
    if (plannedMs > CHECK_INTERVAL_MAX_MS) return { waitMs: CHECK_INTERVAL_MAX_MS, planned: false };
    return { waitMs: Math.max(0, plannedMs), planned: true };
  }

  /**
   * When the clock was set, or the host has slept, the records move along before anything else is done with them.
   * @returns whether it was
   */
  async #followClock(): Promise<boolean> {
    const { clock } = this.#context;
    const byMs = this.#followed?.clockSetByMs ?? null;
    const followed = new Stopwatch(clock);
    if (byMs === null) await this.#adjustRecords();
    else if (byMs !== 0) await this.#record(afterClockChange(this, byMs), byMs);
    this.#followed = followed;
    return byMs !== null && byMs !== 0;
  }

  async #adjustRecords(): Promise<void> {
    const { instances } = this;
    const { records, byMs } = adjustedRecords(this, this.#context.clock.now());
    const isChanged = records.instances.some((instance, index) => instance !== instances[index]);
    if (isChanged || byMs !== 0) await this.#record(records, byMs);
  }

  async #record({ memory, instances }: GroupRecords, byMs: number): Promise<void> {
    const activities = byMs === 0 ? [] : [clockChanged(this.#group.name, byMs, this.#context.clock.now())];
    await this.#commit({ memory, instances, activities });
  }

  #snapshot(outcomes: readonly Outcome[]): Snapshot {
    const { targetGroups, targets, mode, zones, ids, file, metrics, histories } = this.#context;
    const behind = targetGroups(this.#group);
    const { instances, providers } = this;
    return {
      group: this.#group,
      targetGroups: behind,
      mode: mode(),
      memory: this.#memory,
      instances,
      machines: this.#sightings(providers),
      zones: zones(this.#group.launchTemplate.provider),
      throttled: this.#context.throttled(providers),
      targets: new Map(behind.map(({ name }) => [name, targets(name)])),
      file: file(),
      metrics: metrics(),
      histories: histories(),
      calendar: this.#calendar,
      forecasts: this.#forecasts,
      probes: this.#probes.answers,
      outcomes,
      ended: new Map([...this.#ended].map(([id, { startedAt }]) => [id, startedAt])),
      busy: new Set(
        instances.filter((instance) => this.#operations(instance)?.isBusy(instance.id) === true).map(({ id }) => id),
      ),
      idSeed: ids.seed(),
    };
  }

  /** Of the provider that new machines come from, and of those that present ones came from. */
  #sightings(providers = this.providers): View<Sightings> {
    return mergeSightings([...providers].map((name) => this.#context.machines(name, this.#group.name)));
  }

  #isBlind(): boolean {
    const views = [
      this.#sightings(),
      ...this.#context.targetGroups(this.#group).map(({ name }) => this.#context.targets(name)),
    ];
    return views.some(({ kind }) => kind === 'blind');
  }

  #perform({ due }: Decision, now: EpochMs): void {
    const report = (outcome: Outcome) => {
      if (this.#signal.aborted) return;
      this.#outcomes.push(outcome);
      this.notify();
    };
    this.#probes.keep((id) => this.#instances.has(id));
    for (const id of due.probe) {
      const instance = this.#instances.get(id);
      if (instance !== undefined) this.#probes.ask(instance, this.#context.targetGroups(this.#group));
    }
    perform(due, { group: this.#group, context: this.#context, instances: this.#instances, now, report });
  }

  #operations(instance: Instance): Operations | null {
    return this.#context.operations(instance.launchTemplate.provider);
  }
}

/** Whether the load balancers may be fed now and could not be before, or are fed differently. */
function feedsOtherwise(now: GroupMemory, before: GroupMemory): boolean {
  return now.machinesListed !== before.machinesListed || now.suspendedProcesses !== before.suspendedProcesses;
}
