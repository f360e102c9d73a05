import type { Decision } from '../decide/draft.ts';
import { Forecasts } from '../decide/policies/forecast.ts';
import { Calendar } from '../decide/schedule.ts';
import type { Outcome, Snapshot } from '../decide/snapshot.ts';
import type { AutoScalingGroup, TargetGroup } from '../model/fleet.ts';
import { type Instance, type InstanceId, NO_PLACEMENT } from '../model/instance.ts';
import { awaitsHealth, isOver, lifecycleOf, serves } from '../model/lifecycle.ts';
import { type Machine, NO_TRAFFIC, type Target, type TargetHealth } from '../model/observation.ts';
import type { EpochMs } from '../model/time.ts';

/** How soon something that is under way is decided on again. */
const DECISION_MS = 1_000;
/** More observations without a request than a drain waits for. */
const IDLE_OBSERVATIONS = 100;

/**
 * A world in which all goes well: every launch gives a machine, which is healthy after the boot time; every drain is done at the next
 * decision, and so is every termination. Nothing in it is left to chance.
 */
export class CalmWorld {
  readonly #bootMs: number;
  readonly #targetGroups: readonly TargetGroup[];
  readonly #machines = new Map<InstanceId, Machine>();
  readonly #instances = new Map<InstanceId, Instance>();
  readonly #calendar = new Calendar();
  readonly #forecasts = new Forecasts();
  #outcomes: Outcome[] = [];

  constructor(targetGroups: readonly TargetGroup[], bootMs: number) {
    this.#targetGroups = targetGroups;
    this.#bootMs = bootMs;
  }

  /** Puts servers there that have been in service for long. */
  begin(group: AutoScalingGroup, size: number, now: EpochMs): void {
    const since = now - LONG_AGO_MS - this.#bootMs;
    for (let index = 0; index < size; index += 1) {
      const id = `i-${index.toString(16).padStart(17, '0')}`;
      const machine = this.#machine(id, group.name, since, true);
      this.#machines.set(id, machine);
      this.#instances.set(id, {
        id,
        group: group.name,
        launchTemplate: group.launchTemplate,
        placement: NO_PLACEMENT,
        createdAt: since,
        machine: { id: machine.id, addresses: machine.addresses, ports: machine.ports, seenAt: since },
        state: { name: 'inService', since },
        health: { status: 'healthy', since },
        request: null,
      });
    }
  }

  /** The part of a snapshot that this world knows. */
  observe(now: EpochMs): Omit<Snapshot, 'group' | 'mode' | 'memory' | 'file' | 'metrics' | 'histories' | 'idSeed'> {
    const machines = new Map<InstanceId, Machine>();
    for (const [id, machine] of this.#machines)
      machines.set(id, this.#isUp(id, now) ? { ...machine, state: 'running' } : machine);
    const targets = new Map<InstanceId, Target>();
    if (this.#targetGroups.length > 0) {
      for (const instance of this.#instances.values()) {
        const health = this.#health(instance, now);
        if (health !== null) {
          const idleObservations = health === 'draining' ? IDLE_OBSERVATIONS : 0;
          targets.set(instance.id, {
            instanceId: instance.id,
            health,
            detail: '',
            idleObservations,
            traffic: NO_TRAFFIC,
          });
        }
      }
    }
    const outcomes = this.#outcomes;
    this.#outcomes = [];
    return {
      targetGroups: this.#targetGroups,
      instances: [...this.#instances.values()],
      machines: {
        kind: 'seen',
        value: {
          at: now,
          machines,
          unseenZones: new Map(),
          hasAllFromBefore: true,
          previous: { at: now - 1, machines, unseenZones: new Map() },
          places: new Map(),
        },
      },
      zones: [],
      throttled: new Map(),
      targets: new Map(
        this.#targetGroups.map(({ name }) => [name, { kind: 'seen', value: { at: now, targets, recent: new Map() } }]),
      ),
      outcomes,
      probes: new Map(),
      ended: new Map(),
      busy: new Set(),
      calendar: this.#calendar,
      forecasts: this.#forecasts,
    };
  }

  /** Does what was decided. */
  act({ changed, due }: Decision, now: EpochMs): void {
    for (const instance of changed) {
      if (isOver(instance)) this.#instances.delete(instance.id);
      else this.#instances.set(instance.id, instance);
    }
    for (const instanceId of due.launch) {
      const instance = this.#instances.get(instanceId);
      if (instance === undefined) continue;
      const machine = this.#machine(instanceId, instance.group, now, false);
      this.#machines.set(instanceId, machine);
      this.#outcomes.push({ kind: 'launched', instanceId, machine, at: now });
    }
    for (const instanceId of due.terminate) {
      this.#machines.delete(instanceId);
      this.#outcomes.push({ kind: 'ended', instanceId, at: now });
    }
  }

  get inService(): number {
    let count = 0;
    for (const instance of this.#instances.values()) if (serves(instance)) count += 1;
    return count;
  }

  get machines(): number {
    return this.#machines.size;
  }

  /** When something happens in here next; infinite for never. */
  nextAt(now: EpochMs): EpochMs {
    let next = this.#outcomes.length > 0 ? now + DECISION_MS : Number.POSITIVE_INFINITY;
    for (const instance of this.#instances.values()) {
      const { isLeaving, isPending } = lifecycleOf(instance);
      if (isLeaving) next = Math.min(next, now + DECISION_MS);
      if (!isPending) continue;
      const upAt = this.#upAt(instance.id);
      if (upAt > now) next = Math.min(next, upAt);
      else if (awaitsHealth(instance)) next = Math.min(next, now + DECISION_MS);
    }
    return next;
  }

  #machine(instanceId: InstanceId, group: string, launchedAt: EpochMs, isRunning: boolean): Machine {
    const isDirect = this.#targetGroups.some(({ port }) => port !== null);
    return {
      id: `m-${instanceId}`,
      instanceId,
      group,
      state: isRunning ? 'running' : 'pending',
      addresses: ['127.0.0.1'],
      ports: isDirect ? null : [{ port: 1, hostPort: 1 }],
      launchedAt,
      zone: null,
      detail: '',
    };
  }

  #upAt(id: InstanceId): EpochMs {
    const machine = this.#machines.get(id);
    return machine === undefined ? Number.POSITIVE_INFINITY : machine.launchedAt + this.#bootMs;
  }

  #isUp(id: InstanceId, now: EpochMs): boolean {
    return this.#upAt(id) <= now;
  }

  #health({ id, state }: Instance, now: EpochMs): TargetHealth | null {
    switch (state.name) {
      case 'booting':
        return this.#isUp(id, now) ? 'healthy' : 'initial';
      case 'inService':
        return 'healthy';
      case 'draining':
        return 'draining';
      case 'launching':
      case 'probing':
      case 'terminating':
      case 'terminated':
        return null;
    }
  }
}

/** Longer than any warm-up or cooldown. */
const LONG_AGO_MS = 7 * 24 * 3_600_000;
