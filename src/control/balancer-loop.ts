import { Backoff, type BackoffLimits } from '../base/backoff.ts';
import { formatDuration } from '../base/duration.ts';
import { count } from '../base/plural.ts';
import type { RequestWindow, View } from '../decide/snapshot.ts';
import { type Activity, PLAIN_ACTIVITY } from '../model/activity.ts';
import type { LoadBalancer, TargetGroup } from '../model/fleet.ts';
import type { InstanceId } from '../model/instance.ts';
import type { Failure, LoadBalancerObservation, Target } from '../model/observation.ts';
import type { Clock } from '../ports/clock.ts';
import { withDeadline } from '../ports/deadline.ts';
import { asPortError, isDefect } from '../ports/errors.ts';
import type { Ids } from '../ports/ids.ts';
import type { DesiredState, LoadBalancerDriver, LoadBalancerEvent } from '../ports/load-balancer.ts';
import { type Concerned, differing } from './concerned.ts';
import { LimitWatch } from './limit-watch.ts';
import { RequestWindows } from './request-windows.ts';
import { Stopwatch } from './stopwatch.ts';
import { LastSeen } from './view.ts';
import { Wake } from './wake.ts';

/** Between two observations while something is on its way, and while nothing is. */
const BUSY_OBSERVATION_MS = 200;
const CALM_OBSERVATION_MS = 1_000;
/**
 * From one turn to the next at least: what comes in a burst is gathered, and costs one change and one observation. Where a turn takes longer,
 * because of thousands of members, as long as it took.
 */
const GATHER_MS = 30;
const MAX_GATHER_MS = 500;
/** Drover's and the load balancer's idea of the members are compared at least this often. */
const RECONCILE_MS = 30_000;
const APPLY_TIMEOUT_MS = 15_000;
const OBSERVE_TIMEOUT_MS = 10_000;
const STALE_AFTER_MS = 5_000;
/** Another load balancer of the fleet gives up its port within less, unless something is wrong. */
const HANDOVER_MS = 10_000;
const APPLY_BACKOFF: BackoffLimits = { minMs: 200, maxMs: 10_000 };

export interface Balancer {
  readonly name: string;
  readonly driver: LoadBalancerDriver;
  readonly clock: Clock;
  readonly ids: Ids;
  /** What it should be like now; null for one that left the fleet before anybody knew, and is about to be terminated. */
  desired(): DesiredState | null;
  /** Whether it is known what it should be like: an empty store must not empty a load balancer before machines were listed. */
  isReady(): boolean;
  /** Whether something is on its way, so that observing it often is worth it. */
  isBusy(): boolean;
  /** @param targetGroups those in which something is different now */
  onSeen(targetGroups: Concerned): void;
  /** What its neighbours may rely on is different: see `accepts`. */
  onAccepted(): void;
  /** Called with programming errors, for the log. */
  onDefect(error: unknown): void;
  /** Resolves when it is recorded, or cannot be. */
  report(activity: Activity): Promise<void>;
}

/** An observation, and how long ago it was asked for. */
export interface Seen {
  readonly asked: Stopwatch;
  readonly observation: LoadBalancerObservation;
}

/** Keeps one load balancer as it should be and what is known of it current: apply where something differs, then observe. */
export class BalancerLoop {
  readonly #balancer: Balancer;
  readonly #seen: LastSeen<Seen>;
  readonly #wake: Wake;
  readonly #limits: LimitWatch;
  /** As it was wanted last. */
  #loadBalancer: LoadBalancer | null = null;
  #dirty = true;
  /** What should be has changed since it was applied last, or tried. */
  #isNews = false;
  #applied: Stopwatch | null = null;
  readonly #backoff: Backoff;
  /** By the steady clock. */
  #retryAtMs = 0;
  #refusal = '';
  /** The newest try was refused: what changes meanwhile is brought about under what is in force, without waiting for the next one. */
  #isRefused = false;
  /** The fleet's newest version that this load balancer has been asked to follow, counted. */
  #version = 0;
  #acceptedVersion = -1;
  #renewed: Stopwatch;
  #attempt = Promise.withResolvers<void>();
  /** What was announced and has not succeeded yet: what fails again and again is reported once. */
  readonly #announced = new Set<string>();
  /** HAProxy was found not to run since the last success. */
  #wasAway = false;
  /** It is replaced while it serves. */
  #serves = false;
  #lastReported: View<Seen> | null = null;
  #earlier: Seen | null = null;
  readonly #windows = new RequestWindows();
  #targetGroups: readonly TargetGroup[] = [];
  #cutRequests = 0;

  constructor(balancer: Balancer) {
    this.#balancer = balancer;
    this.#seen = new LastSeen(balancer.clock, STALE_AFTER_MS);
    this.#wake = new Wake(balancer.clock);
    this.#limits = new LimitWatch(balancer.clock);
    this.#renewed = new Stopwatch(balancer.clock);
    this.#backoff = new Backoff(APPLY_BACKOFF, () => balancer.ids.seed());
  }

  /** What should be is different now. */
  changed(): void {
    this.#dirty = true;
    this.#isNews = true;
    this.#wake.notify();
  }

  /** There is another version of the fleet: what was refused is tried at once. */
  renewed(): void {
    this.#backoff.reset();
    this.#retryAtMs = 0;
    this.#version += 1;
    this.#renewed = new Stopwatch(this.#balancer.clock);
    this.#attempt.resolve();
    this.#attempt = Promise.withResolvers();
    this.changed();
  }

  /** Resolves when the newest version of the fleet is in force here, or was refused. */
  get attempted(): Promise<void> {
    return this.#attempt.promise;
  }

  /** Whether HAProxy takes the newest version, or would, but for ports that others have: it will give up those that it does not want any more. */
  get accepts(): boolean {
    return this.#acceptedVersion === this.#version;
  }

  /** Why the newest version of the fleet is not in force here; empty when it is. */
  get refusal(): string {
    return this.#refusal;
  }

  get isRefused(): boolean {
    return this.#isRefused;
  }

  async run(signal: AbortSignal): Promise<void> {
    const { driver } = this.#balancer;
    const stopWatching = driver.watch(() => this.#wake.notify());
    const onAbort = () => this.#wake.notify();
    signal.addEventListener('abort', onAbort, { once: true });
    while (!signal.aborted) {
      if (!this.#balancer.isReady()) {
        await this.#wake.wait(CALM_OBSERVATION_MS);
        continue;
      }
      const turn = new Stopwatch(this.#balancer.clock);
      if (this.#mustApply()) await this.#apply(signal);
      if (signal.aborted) break;
      const visible = await this.#observe(signal);
      // One that does not answer may not be running: apply starts it.
      if (!visible) this.#dirty = true;
      const pauseMs = this.#balancer.isBusy() || !visible ? BUSY_OBSERVATION_MS : CALM_OBSERVATION_MS;
      const gatherMs = Math.min(MAX_GATHER_MS, Math.max(GATHER_MS, turn.elapsedMs));
      await this.#balancer.clock.sleep(gatherMs, signal);
      if (!this.#dirty || this.#isBackingOff()) await this.#wake.wait(Math.max(0, pauseMs - gatherMs));
    }
    stopWatching();
    this.#attempt.resolve();
  }

  view(): View<Seen> {
    return this.#seen.view();
  }

  /** Whether it has been observed at all. */
  get isKnown(): boolean {
    return this.#seen.value !== null;
  }

  /** How long until the newest observation is too old to be relied upon. */
  get staleInMs(): number {
    return this.#seen.staleInMs;
  }

  /** Why the newest apply or observation failed, or which limit is reached; empty when nothing is wrong. */
  get trouble(): string {
    return this.#refusal || this.#seen.failure?.message || this.#limits.state;
  }

  /** What became of the requests of a target group's targets lately. */
  recent(targetGroup: string): ReadonlyMap<InstanceId, readonly RequestWindow[]> {
    return this.#windows.of(targetGroup);
  }

  /** The newest observation and one from at least a second before it, for rates. */
  get window(): { readonly earlier: Seen; readonly newest: Seen } | null {
    const newest = this.#seen.value;
    return newest === null || this.#earlier === null ? null : { earlier: this.#earlier, newest };
  }

  #isBackingOff(): boolean {
    return this.#balancer.clock.steadyMs() < this.#retryAtMs;
  }

  #mustApply(): boolean {
    if (this.#isBackingOff()) return this.#isNews && this.#isRefused;
    return this.#dirty || this.#applied === null || this.#applied.elapsedMs >= RECONCILE_MS;
  }

  async #apply(signal: AbortSignal): Promise<void> {
    const { driver, clock } = this.#balancer;
    // Cleared before the call: a change during it asks for another one.
    this.#dirty = false;
    this.#isNews = false;
    const version = this.#version;
    try {
      const desired = this.#balancer.desired();
      if (desired === null) return this.#attempt.resolve();
      this.#loadBalancer = desired.loadBalancer;
      this.#targetGroups = desired.targetGroups;
      const announce = (event: LoadBalancerEvent) => this.#announce(event, version);
      await withDeadline(clock, APPLY_TIMEOUT_MS, signal, (bounded) => driver.apply(desired, announce, bounded));
      this.#applied = new Stopwatch(clock);
      this.#backoff.reset();
      this.#announced.clear();
      this.#isRefused = false;
      this.#accepted(version);
      if (version === this.#version) this.#attempt.resolve();
      if (this.#refusal !== '' || this.#wasAway) await this.#recovered();
      this.#serves = false;
    } catch (error) {
      if (signal.aborted) return;
      if (isDefect(error)) this.#balancer.onDefect(error);
      const failure = asPortError(error);
      // It may have been done all the same: the next try is another one.
      if (failure.reaction === 'Transient' && failure.code !== 'haproxyStartFailed') this.#announced.clear();
      this.#isRefused = failure.reaction === 'Invalid';
      if (!this.#isBackingOff()) this.#retryAtMs = clock.steadyMs() + this.#backoff.next();
      this.#dirty = true;
      if (failure.code === 'listenerAwaited' && this.#renewed.elapsedMs < HANDOVER_MS) return;
      if (version === this.#version) this.#attempt.resolve();
      if (failure.message !== this.#refusal) {
        this.#refusal = failure.message;
        await this.#report(
          'loadBalancerRefused',
          `Load balancer ${this.#balancer.name} could not be changed: ${failure.message}`,
          'error',
        );
      }
    }
  }

  async #observe(signal: AbortSignal): Promise<boolean> {
    const { driver, clock } = this.#balancer;
    const asked = new Stopwatch(clock);
    let failure: Failure | null = null;
    let counted: ReadonlySet<string> = new Set();
    try {
      const observation = await withDeadline(clock, OBSERVE_TIMEOUT_MS, signal, (bounded) => driver.observe(bounded));
      const before = this.#seen.value;
      if (before !== null && (this.#earlier === null || this.#earlier.asked.elapsedMs >= 2 * CALM_OBSERVATION_MS))
        this.#earlier = before;
      this.#seen.saw({ asked, observation }, asked);
      counted = this.#windows.take(observation.targetGroups, asked.steadyMs, this.#targetGroups);
      await this.#reportCuts(observation);
    } catch (error) {
      if (signal.aborted) return false;
      if (isDefect(error)) this.#balancer.onDefect(error);
      failure = this.#seen.failed(error);
    }
    if (failure === null) await this.#reportLimits();
    const view = this.#seen.view();
    const changed = this.#seen.hasReturned ? 'all' : changedTargetGroups(this.#lastReported, view);
    this.#balancer.onSeen(changed === 'all' ? changed : new Set([...changed, ...counted]));
    this.#lastReported = view;
    return failure === null;
  }

  async #reportLimits(): Promise<void> {
    const limits = this.#seen.value?.observation.limits;
    if (limits === undefined || this.#loadBalancer === null) return;
    for (const { reason, message, level } of this.#limits.seen(limits, this.#loadBalancer)) {
      await this.#report(reason, message, level);
    }
  }

  #accepted(version: number): void {
    const isNews = this.#acceptedVersion < version;
    this.#acceptedVersion = Math.max(this.#acceptedVersion, version);
    if (isNews) this.#balancer.onAccepted();
  }

  async #announce(event: LoadBalancerEvent, version: number): Promise<void> {
    const digest = JSON.stringify(event);
    if (this.#announced.has(digest)) return;
    this.#announced.add(digest);
    const { name } = this.#balancer;
    switch (event.kind) {
      case 'accepted':
        this.#accepted(version);
        break;
      case 'died':
        await this.#report('loadBalancerDied', `HAProxy of load balancer ${name} has died: ${event.how}.`, 'error');
        break;
      case 'hung':
        this.#serves = event.serves;
        await this.#report('loadBalancerHung', `HAProxy of load balancer ${name} is hung: ${event.seen}.`, 'error');
        break;
      case 'start': {
        this.#wasAway = this.#seen.value !== null && !this.#serves;
        const members = event.members === 0 ? '' : `, with its ${event.members} members as they were`;
        await this.#report(
          'loadBalancerStarted',
          `Starting HAProxy ${event.version} for load balancer ${name}${members}.`,
        );
        break;
      }
      case 'reload':
        await this.#report(
          'loadBalancerReloaded',
          `Reloading HAProxy of load balancer ${name}: ${event.why}.${event.cuts === 0 ? '' : ` This cuts ${event.cuts} open requests of a process that has outlived as many reloads as it may.`}`,
          event.cuts === 0 ? 'info' : 'warning',
        );
        break;
    }
  }

  async #reportCuts({ oldWorkers: { cutRequests } }: LoadBalancerObservation): Promise<void> {
    const more = cutRequests - this.#cutRequests;
    this.#cutRequests = cutRequests;
    if (more <= 0 || this.#loadBalancer === null) return;
    const { name, hardStopAfterMs } = this.#loadBalancer;
    await this.#report(
      'openRequestsCut',
      `Load balancer ${name} cut ${count(more, 'request')} that had been open since a reload more than ${formatDuration(hardStopAfterMs)} ago (hardStopAfter).`,
      'warning',
    );
  }

  async #recovered(): Promise<void> {
    const { name } = this.#balancer;
    const awayMs = this.#wasAway ? (this.#seen.value?.asked.elapsedMs ?? 0) : 0;
    this.#refusal = '';
    this.#wasAway = false;
    const how =
      awayMs === 0 ? 'is as it should be again' : `serves again; it was away for ${(awayMs / 1_000).toFixed(1)} s`;
    await this.#report('loadBalancerRecovered', `Load balancer ${name} ${how}.`);
  }

  #report(reason: Activity['reason'], message: string, level: Activity['level'] = 'info'): Promise<void> {
    const at = this.#balancer.clock.now();
    return this.#balancer.report({ ...PLAIN_ACTIVITY, at, level, reason, message });
  }
}

function changedTargetGroups(before: View<Seen> | null, now: View<Seen>): Concerned {
  if (before?.kind === 'seen' && now.kind === 'seen') {
    return differing(targetsByGroup(before.value), targetsByGroup(now.value), sameHealth);
  }
  const isSame = before?.kind === 'blind' && now.kind === 'blind' && before.failure?.message === now.failure?.message;
  return isSame ? new Set() : 'all';
}

function targetsByGroup({ observation }: Seen): ReadonlyMap<string, readonly Target[]> {
  return new Map(observation.targetGroups.map(({ name, targets }) => [name, targets]));
}

function sameHealth(before: readonly Target[], now: readonly Target[]): boolean {
  if (before === now) return true;
  return (
    before.length === now.length &&
    now.every(({ instanceId, health }, index) => {
      const earlier = before[index];
      return earlier?.instanceId === instanceId && earlier.health === health;
    })
  );
}
