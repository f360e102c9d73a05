import type { Activity, ActivityLevel, ActivityReason, Capacity } from '../model/activity.ts';
import type { GroupMemory } from '../model/group-memory.ts';
import type { Hold } from '../model/hold.ts';
import type { EndCause, Instance, InstanceId, InstanceState } from '../model/instance.ts';
import type { JsonObject } from '../model/json.ts';
import { isOver } from '../model/lifecycle.ts';
import type { EpochMs } from '../model/time.ts';
import { Counts } from './counts.ts';
import type { Facts } from './facts.ts';
import { groupHold, type HoldReason } from './hold-reason.ts';
import type { PolicyVerdict } from './policies/policy.ts';
import type { Snapshot } from './snapshot.ts';

/** What one decision comes to: committed as a whole before any of it is acted upon. */
export interface Decision {
  readonly memory: GroupMemory;
  readonly memoryChanged: boolean;
  /** Records that are new or have changed. */
  readonly changed: readonly Instance[];
  readonly activities: readonly Activity[];
  /** Why what would be done is not done now; what is true of several servers is told once for all of them. */
  readonly holds: readonly Hold[];
  /** Servers that work and stay until their replacement serves. */
  readonly replacedFirst: readonly InstanceId[];
  /** What each of the group's policies sees and wants, in the fleet file's order. */
  readonly verdicts: readonly PolicyVerdict[];
  readonly due: Due;
  /** When something falls due that no event will announce; null for never. */
  readonly wakeAt: EpochMs | null;
  /** Whether something depends on the provider's next list, even if that is the same as the newest one. */
  readonly awaitsList: boolean;
}

/** Operations that the committed records call for now. */
export interface Due {
  readonly launch: readonly InstanceId[];
  readonly terminate: readonly InstanceId[];
  /** Servers for which the group's termination command is to be run. */
  readonly command: readonly InstanceId[];
  /** Launches under way that are not wanted any more. */
  readonly abort: readonly InstanceId[];
  /** Servers that Drover is to probe itself. */
  readonly probe: readonly InstanceId[];
}

interface ActivityDetails {
  readonly level?: ActivityLevel;
  readonly instance?: Instance;
  readonly cappedBy?: string | null;
  readonly before?: Capacity;
  readonly explanation?: JsonObject;
}

/** A decision in the making: the steps of `decide` write it one after the other. Whoever only asks takes its facts. */
export class Draft implements Facts {
  readonly snapshot: Snapshot;
  readonly now: EpochMs;
  memory: GroupMemory;
  readonly activities: Activity[] = [];
  readonly verdicts: PolicyVerdict[] = [];
  readonly counts = new Counts();
  readonly due = {
    launch: [] as InstanceId[],
    terminate: [] as InstanceId[],
    command: [] as InstanceId[],
    abort: [] as InstanceId[],
    probe: new Set<InstanceId>(),
  };
  /** Servers that work and were taken out by this decision, to be replaced: they draw on one budget. */
  replaced = 0;
  readonly #replacedFirst = new Set<InstanceId>();
  #awaitsList = false;
  readonly #instances = new Map<InstanceId, Instance>();
  readonly #changed = new Set<InstanceId>();
  #live: readonly Instance[] | null = null;
  /** By what is said. */
  readonly #holds = new Map<string, { reason: HoldReason; until: EpochMs | null; readonly ids: Set<string> }>();
  #told: Set<string> | null = null;
  #toldChanged = false;
  /** This decision's own copy of what the memory holds, once there is something new in it. */
  #unhealthyAt: Record<InstanceId, EpochMs> | null = null;
  #wakeAt: EpochMs | null = null;

  constructor(snapshot: Snapshot, now: EpochMs) {
    this.snapshot = snapshot;
    this.now = now;
    this.memory = snapshot.memory;
    for (const instance of snapshot.instances) {
      this.#instances.set(instance.id, instance);
      this.counts.count(instance, this.isLeaving(instance), 1);
    }
  }

  get(id: InstanceId): Instance | undefined {
    return this.#instances.get(id);
  }

  live(): readonly Instance[] {
    this.#live ??= [...this.#instances.values()].filter((instance) => !isOver(instance));
    return this.#live;
  }

  isLeaving({ id, request }: Instance): boolean {
    return request?.kind === 'drain' || this.#replacedFirst.has(id);
  }

  /** An outlier stays until its replacement serves. */
  replaceFirst(instance: Instance): void {
    const known = this.#instances.get(instance.id);
    if (known === undefined || this.#replacedFirst.has(instance.id)) return;
    this.counts.count(known, this.isLeaving(known), -1);
    this.#replacedFirst.add(instance.id);
    this.counts.count(known, true, 1);
  }

  put(instance: Instance): void {
    const before = this.#instances.get(instance.id);
    if (before !== undefined) this.counts.count(before, this.isLeaving(before), -1);
    this.counts.count(instance, this.isLeaving(instance), 1);
    this.#instances.set(instance.id, instance);
    this.#live = null;
    this.#changed.add(instance.id);
  }

  move(instance: Instance, state: InstanceState): Instance {
    const moved = { ...instance, state };
    this.put(moved);
    return moved;
  }

  /** Straight to its end, without draining. */
  end(instance: Instance, cause: EndCause): Instance {
    return this.move(instance, { name: 'terminating', since: this.now, cause, retryAt: null, commandEnded: false });
  }

  capacity(): Capacity {
    return {
      desired: this.memory.desired ?? 0,
      inService: this.counts.inService,
      total: this.counts.total + this.memory.orphans.length,
    };
  }

  /** Notes when an instance was newly unhealthy, for the health brake; null forgets it. */
  noteUnhealthy(id: InstanceId, at: EpochMs | null): void {
    if (at === null && this.memory.unhealthyAt[id] === undefined) return;
    const own = this.#unhealthyAt;
    // Copied once a decision, not once for each of many that fail together.
    const mine = own !== null && own === this.memory.unhealthyAt ? own : { ...this.memory.unhealthyAt };
    if (at === null) delete mine[id];
    else mine[id] = at;
    if (mine === own) return;
    this.#unhealthyAt = mine;
    this.memory = { ...this.memory, unhealthyAt: mine };
  }

  report(
    reason: ActivityReason,
    message: string,
    { level = 'info', instance, cappedBy = null, before, explanation }: ActivityDetails = {},
  ): void {
    this.activities.push({
      at: this.now,
      group: this.snapshot.group.name,
      instanceId: instance?.id ?? null,
      level,
      reason,
      message,
      cappedBy,
      before: before ?? null,
      after: before === undefined ? null : this.capacity(),
      explanation: explanation ?? null,
    });
  }

  /**
   * Keeps track of a condition that lasts: `onBegin` and `onEnd` are called once each, also when the controller was started
   * anew in between.
   */
  condition(code: string, holds: boolean, onBegin: () => void, onEnd: () => void = () => {}): void {
    if (holds === this.told.has(code)) return;
    if (holds) {
      this.#changeTold((told) => told.add(code));
      onBegin();
    } else {
      this.#changeTold((told) => told.delete(code));
      onEnd();
    }
  }

  /** The conditions that are told. */
  get told(): ReadonlySet<string> {
    this.#told ??= new Set(this.memory.told);
    return this.#told;
  }

  /** Forgets conditions without a word. */
  forgetTold(codes: readonly string[]): void {
    for (const code of codes) this.#changeTold((told) => told.delete(code));
  }

  #changeTold(change: (told: Set<string>) => void): void {
    this.#told ??= new Set(this.memory.told);
    this.#toldChanged = true;
    change(this.#told);
  }

  /** Notes why something is not done now, once for all servers of which the same is true. */
  hold(code: string, message: string, until: EpochMs | null = null): void {
    this.note(groupHold(code, message, until));
  }

  note(reason: HoldReason): void {
    const { code, message, until, each } = reason;
    if (until !== null) this.wake(until);
    const key = `${code} ${each?.together ?? message}`;
    const known = this.#holds.get(key);
    if (known === undefined) {
      this.#holds.set(key, { reason, until, ids: new Set(each === null ? [] : [each.id]) });
      return;
    }
    if (each !== null) known.ids.add(each.id);
    if (until !== null && (known.until === null || until < known.until)) known.until = until;
  }

  /** Notes a reason to wait where there is one. @returns whether there is one */
  waitsFor(reason: HoldReason | null): reason is HoldReason {
    if (reason !== null) this.note(reason);
    return reason !== null;
  }

  isHeld(code: string): boolean {
    return [...this.#holds.values()].some(({ reason }) => reason.code === code);
  }

  /** Something depends on the provider's next list. */
  awaitList(): void {
    this.#awaitsList = true;
  }

  /** Asks to decide again at that time; the earliest wins. */
  wake(at: EpochMs): void {
    if (at > this.now && (this.#wakeAt === null || at < this.#wakeAt)) this.#wakeAt = at;
  }

  finish(): Decision {
    const { launch, terminate, command, abort, probe } = this.due;
    return {
      memory: this.#toldChanged ? { ...this.memory, told: [...this.told] } : this.memory,
      memoryChanged: this.#toldChanged || this.memory !== this.snapshot.memory,
      changed: [...this.#changed].flatMap((id) => this.#instances.get(id) ?? []),
      activities: this.activities,
      holds: [...this.#holds.values()].map(({ reason: { code, message, each }, until, ids }) => ({
        code,
        message: each === null || ids.size === 1 ? message : `${ids.size} ${each.together}`,
        until,
      })),
      replacedFirst: [...this.#holds.values()].flatMap(({ reason: { code }, ids }) =>
        code === 'replacementFirst' ? [...ids] : [],
      ),
      verdicts: this.verdicts,
      due: { launch, terminate, command, abort, probe: [...probe] },
      wakeAt: this.#wakeAt,
      awaitsList: this.#awaitsList,
    };
  }
}
