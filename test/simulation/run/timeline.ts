import type { World } from '../world/world.ts';

/** One group at one time. */
export interface Point {
  readonly atMs: number;
  readonly desired: number;
  /** Machines that are not gone. */
  readonly running: number;
  /** Servers that a load balancer finds healthy and gives requests; behind none, those that answer. */
  readonly healthy: number;
}

/** Keeps what each group wanted and had, at even intervals. */
export class Timeline {
  readonly #everyMs: number;
  readonly #points = new Map<string, Point[]>();
  #nextMs = 0;

  constructor(everyMs: number) {
    this.#everyMs = everyMs;
  }

  get groups(): ReadonlyMap<string, readonly Point[]> {
    return this.#points;
  }

  note(world: World): void {
    const { elapsedMs: atMs } = world.clock;
    if (atMs < this.#nextMs) return;
    this.#nextMs = atMs + this.#everyMs;
    const { fleet } = world.invariants.inForce;
    for (const { name, targetGroups } of fleet.autoScalingGroups) {
      const machines = [...world.machines.alive()].filter((one) => one.fleet === fleet.name && one.group === name);
      const healthy = targetGroups.length > 0 ? healthyOf(world, name) : machines.filter((one) => one.answering).length;
      const desired = world.records.memory.get(name)?.desired ?? 0;
      const points = this.#points.get(name) ?? [];
      points.push({ atMs, desired, running: machines.length, healthy });
      this.#points.set(name, points);
    }
  }
}

function healthyOf({ hosts, records }: World, group: string): number {
  const found = new Set<string>();
  for (const host of hosts) {
    for (const member of host.members()) {
      const { instanceId } = member.member;
      if (host.serves(member) && records.instances.get(instanceId)?.group === group) found.add(instanceId);
    }
  }
  return found.size;
}
