import type { Activity, ActivityLevel, ActivityReason, Capacity } from '../model/activity.ts';
import type { GroupMemory } from '../model/group-memory.ts';
import type { Hold } from '../model/hold.ts';
import type { EndCause, Instance, InstanceId, InstanceState } from '../model/instance.ts';
import type { JsonObject } from '../model/json.ts';
import { isOver, lifecycleOf } from '../model/lifecycle.ts';
import type { EpochMs } from '../model/time.ts';
import type { PolicyVerdict } from './policies/policy.ts';
import type { Snapshot } from './snapshot.ts';

/** What one look comes to: committed as a whole before any of it is acted upon. */
export interface Decision {
  readonly memory: GroupMemory;
  readonly memoryChanged: boolean;
  /** Records that are new or have changed. */
  readonly changed: readonly Instance[];
  readonly activities: readonly Activity[];
  /** Why what would be done is not done now. */
  readonly holds: readonly Hold[];
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
  /** Launches under way that are not wanted any more. */
  readonly abort: readonly InstanceId[];
  /** Servers to be looked at by Drover itself. */
  readonly probe: readonly InstanceId[];
}

interface Telling {
  readonly level?: ActivityLevel;
  readonly instance?: Instance;
  readonly cappedBy?: string | null;
  readonly before?: Capacity;
  readonly explanation?: JsonObject;
}

/** A decision in the making: the steps of `decide` read and change it one after the other. */
export class Draft {
  readonly snapshot: Snapshot;
  readonly now: EpochMs;
  memory: GroupMemory;
  readonly activities: Activity[] = [];
  readonly holds: Hold[] = [];
  readonly verdicts: PolicyVerdict[] = [];
  /** Instances whose fate depends on a probe that was not made yet. */
  readonly probes = new Set<InstanceId>();
  /** Outliers that stay until their replacement serves: they make up none of the group's size. */
  readonly replacedFirst = new Set<InstanceId>();
  awaitsList = false;
  readonly #instances = new Map<InstanceId, Instance>();
  readonly #changed = new Set<InstanceId>();
  /** Counted along: each activity names them, and a look may have one for each instance. */
  #total = 0;
  #inService = 0;
  readonly #heldBy = new Set<string>();
  /** This look's own copy of what the memory holds, once there is something new in it. */
  #unhealthyAt: Record<InstanceId, EpochMs> | null = null;
  #wakeAt: EpochMs | null = null;

  constructor(snapshot: Snapshot, now: EpochMs) {
    this.snapshot = snapshot;
    this.now = now;
    this.memory = snapshot.memory;
    for (const instance of snapshot.instances) {
      this.#instances.set(instance.id, instance);
      this.#count(instance, 1);
    }
  }

  get(id: InstanceId): Instance | undefined {
    return this.#instances.get(id);
  }

  /** Those that are not terminated, oldest first. */
  live(): Instance[] {
    return [...this.#instances.values()].filter((instance) => !isOver(instance));
  }

  put(instance: Instance): void {
    const before = this.#instances.get(instance.id);
    if (before !== undefined) this.#count(before, -1);
    this.#count(instance, 1);
    this.#instances.set(instance.id, instance);
    this.#changed.add(instance.id);
  }

  move(instance: Instance, state: InstanceState): Instance {
    const moved = { ...instance, state };
    this.put(moved);
    return moved;
  }

  /** Straight to its end, without draining. */
  end(instance: Instance, cause: EndCause): Instance {
    return this.move(instance, { name: 'terminating', since: this.now, cause, retryAt: null });
  }

  capacity(): Capacity {
    return {
      desired: this.memory.desired ?? 0,
      inService: this.#inService,
      total: this.#total + this.memory.orphans.length,
    };
  }

  #count(instance: Instance, by: 1 | -1): void {
    const { countsAgainstMaximum, serves } = lifecycleOf(instance);
    if (countsAgainstMaximum) this.#total += by;
    if (serves) this.#inService += by;
  }

  /** Notes when an instance was newly unhealthy, for the health brake; null forgets it. */
  noteUnhealthy(id: InstanceId, at: EpochMs | null): void {
    if (at === null && this.memory.unhealthyAt[id] === undefined) return;
    const own = this.#unhealthyAt;
    // Copied once a look, not once for each of many that fail together.
    const mine = own !== null && own === this.memory.unhealthyAt ? own : { ...this.memory.unhealthyAt };
    if (at === null) delete mine[id];
    else mine[id] = at;
    if (mine === own) return;
    this.#unhealthyAt = mine;
    this.memory = { ...this.memory, unhealthyAt: mine };
  }

  tell(
    reason: ActivityReason,
    message: string,
    { level = 'info', instance, cappedBy = null, before, explanation }: Telling = {},
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
    const told = this.memory.told.includes(code);
    if (holds === told) return;
    if (holds) {
      this.memory = { ...this.memory, told: [...this.memory.told, code] };
      onBegin();
    } else {
      this.memory = { ...this.memory, told: this.memory.told.filter((other) => other !== code) };
      onEnd();
    }
  }

  hold(code: string, message: string, until: EpochMs | null = null): void {
    const key = `${code} ${message}`;
    if (!this.#heldBy.has(key)) this.holds.push({ code, message, until });
    this.#heldBy.add(key);
    if (until !== null) this.wake(until);
  }

  /** Asks for a look at that time; the earliest wins. */
  wake(at: EpochMs): void {
    if (at > this.now && (this.#wakeAt === null || at < this.#wakeAt)) this.#wakeAt = at;
  }

  finish(due: Due): Decision {
    return {
      memory: this.memory,
      memoryChanged: this.memory !== this.snapshot.memory,
      changed: [...this.#changed].flatMap((id) => this.#instances.get(id) ?? []),
      activities: this.activities,
      holds: this.holds,
      verdicts: this.verdicts,
      due,
      wakeAt: this.#wakeAt,
      awaitsList: this.awaitsList,
    };
  }
}
