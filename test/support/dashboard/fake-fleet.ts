import type { ActivityLevel, ActivityReason, StoredActivity } from '../../../src/model/activity.ts';
import { PLAIN_ACTIVITY } from '../../../src/model/activity.ts';
import type { SuspendableProcess } from '../../../src/model/scaling-policy.ts';
import type { InstanceStatus } from '../../../src/views/status.ts';
import { Chance } from './chance.ts';
import { FakeRefusal } from './fake-refusal.ts';
import { type FakeGroup, SHOP, type ShopGroup } from './fake-shop.ts';
import { withTraffic } from './fake-traffic.ts';

interface Machine {
  row: InstanceStatus;
  /** When it goes on to its next state; null for not by itself. */
  nextAt: number | null;
}

/** Between two changes of the fleet. */
export const STEP_MS = 500;

/**
 * An imitated fleet that moves: load goes up and down, groups follow it, servers fail and are replaced. The same seed and the same
 * moments give the same fleet. It stands in for the controller where the dashboard is looked at, not where it is proved right.
 */
export class FakeFleet {
  readonly startedAt: number;
  readonly activities: StoredActivity[] = [];
  readonly groups: readonly FakeGroup[];
  /** Ids since the last time that somebody took them. */
  readonly changed = new Set<string>();
  readonly gone = new Set<string>();
  readonly #machines = new Map<string, Machine>();
  readonly #chance: Chance;
  #sequence = 0;
  #now: number;

  constructor(options: { readonly now: number; readonly seed?: number; readonly shop?: readonly ShopGroup[] }) {
    this.startedAt = options.now - 3 * 24 * 3_600_000;
    this.#now = options.now - 900_000;
    this.#chance = new Chance(options.seed ?? 1);
    this.groups = (options.shop ?? SHOP).map((group) => ({ ...group, suspendedProcesses: [], launchSuspended: null }));
    this.#report(
      null,
      null,
      'info',
      'controllerStarted',
      'Drover 0.1.0 (pid 4242) started; its records name 14 servers.',
    );
    for (const group of this.groups) {
      for (let index = 0; index < group.desired; index += 1)
        this.#launch(group, this.#now - this.#chance.between(1, 90) * 60_000, true);
    }
    this.#incidents();
    this.stepTo(options.now);
  }

  get now(): number {
    return this.#now;
  }

  /** Plays what happens until then. */
  stepTo(now: number): void {
    while (this.#now + STEP_MS <= now) {
      this.#now += STEP_MS;
      for (const machine of [...this.#machines.values()]) this.#advance(machine);
      for (const group of this.groups) this.#size(group);
      this.#fail();
    }
  }

  instances(): readonly InstanceStatus[] {
    return [...this.#machines.values()].map(({ row }) => row);
  }

  instance(id: string): InstanceStatus {
    const found = this.#machines.get(id)?.row;
    if (found === undefined) throw new FakeRefusal(404, 'notFound', `There is no instance ${id}.`);
    return found;
  }

  group(name: string): FakeGroup {
    const found = this.groups.find((group) => group.name === name);
    if (found === undefined) throw new FakeRefusal(404, 'notFound', `There is no group ${name}.`);
    return found;
  }

  /** Requests per second: a day's curve with something on it. */
  load(group: ShopGroup, at: number): number {
    if (group.targetGroup === null) return 0;
    const day = Math.sin(((at % 86_400_000) / 86_400_000) * 2 * Math.PI - 2);
    const wave = Math.sin(at / 240_000) * 0.12 + Math.sin(at / 37_000) * 0.05 + Math.sin(at / 6_100) * 0.02;
    return Math.max(0, group.load * (1 + 0.45 * day + wave));
  }

  setDesired(name: string, desired: number): { readonly before: number; readonly after: number } {
    const group = this.group(name);
    if (desired < group.minSize || desired > group.maxSize) {
      throw new FakeRefusal(
        422,
        'invalid',
        `${desired} is not between the minimum ${group.minSize} and the maximum ${group.maxSize}.`,
      );
    }
    const before = group.desired;
    group.desired = desired;
    this.#report(
      name,
      null,
      'info',
      'desiredCapacityChanged',
      `Desired capacity ${before} -> ${desired}: a person asked for it.`,
      { before, after: desired },
    );
    return { before, after: desired };
  }

  setProcesses(name: string, processes: readonly SuspendableProcess[], suspended: boolean): void {
    const group = this.group(name);
    const others = group.suspendedProcesses.filter((process) => !processes.includes(process));
    group.suspendedProcesses = suspended ? [...others, ...processes] : others;
    const [reason, verb] = suspended
      ? (['processSuspended', 'Suspended'] as const)
      : (['processResumed', 'Resumed'] as const);
    this.#report(
      name,
      null,
      suspended ? 'warning' : 'info',
      reason,
      `${verb} ${processes.join(', ')}: a person asked for it.`,
    );
  }

  resumeLaunch(name: string): void {
    this.group(name).launchSuspended = null;
    this.#report(name, null, 'info', 'launchResumed', 'Launching starts anew: a person asked for it.');
  }

  /** @throws FakeRefusal `lastServer` unless forced */
  end(id: string, how: 'drain' | 'terminate', force: boolean): void {
    const row = this.instance(id);
    const others = this.#of(row.group).filter((other) => other.row.state === 'inService' && other.row.id !== id);
    if (others.length === 0 && !force) {
      throw new FakeRefusal(
        409,
        'lastServer',
        `${id} is the last server of its target group; requests get 503 until another one serves.`,
      );
    }
    const machine = this.#machines.get(id);
    if (machine === undefined) return;
    if (how === 'drain') this.#drain(machine, 'operatorDrain', `Draining ${id}: a person asked for it.`);
    else this.#terminate(machine, 'operatorTerminate', `Terminating ${id} at once: a person asked for it.`);
  }

  /** Ends a server behind the fleet's back. */
  kill(id: string): void {
    const machine = this.#machines.get(id);
    if (machine !== undefined)
      this.#terminate(machine, 'machineStopped', `${id} has stopped: killed by SIGKILL; it is replaced.`);
  }

  /** The machines of one group. */
  of(group: string): readonly InstanceStatus[] {
    return this.#of(group).map(({ row }) => row);
  }

  #of(group: string): readonly Machine[] {
    return [...this.#machines.values()].filter(({ row }) => row.group === group);
  }

  #launch(group: FakeGroup, at: number, ready: boolean): void {
    const id = `i-${this.#chance.hex(17)}`;
    const zone = group.zones[this.#machines.size % Math.max(1, group.zones.length)] ?? null;
    const port = 20_000 + (this.#sequence % 9_000);
    const row: InstanceStatus = {
      id,
      group: group.name,
      lifecycleState: ready ? 'InService' : 'Pending',
      state: ready ? 'inService' : 'launching',
      since: at,
      createdAt: at,
      health: ready ? 'healthy' : 'unknown',
      detail: '',
      endpoint: ready ? `10.0.${this.#machines.size % 4}.${(this.#machines.size % 250) + 2}:8080` : null,
      provider: group.provider,
      machineId: ready ? `${group.provider}-${port}` : null,
      machineDetail: '',
      zone,
      instanceType: group.instanceType,
      targets: [],
    };
    this.#machines.set(id, { row, nextAt: ready ? null : this.#now + this.#chance.between(2, 5) * 1_000 });
    this.#touch(id);
    if (ready) this.#to(row.id, {}, null);
    else
      this.#report(
        group.name,
        id,
        'info',
        'launch',
        `Launching ${id}: ${this.#serving(group)} of ${group.desired} desired servers are there.`,
      );
  }

  #serving({ name }: FakeGroup): number {
    return this.#of(name).filter(({ row }) => !['draining', 'terminating'].includes(row.state)).length;
  }

  #advance(machine: Machine): void {
    const { row } = machine;
    const group = this.group(row.group);
    if (machine.nextAt === null || this.#now < machine.nextAt) {
      if (row.state === 'inService' && this.#chance.next() < 0.1) this.#traffic(row, group);
      return;
    }
    switch (row.state) {
      case 'launching':
        this.#to(
          row.id,
          {
            state: 'booting',
            since: this.#now,
            health: 'unknown',
            detail: 'connection refused (L4CON)',
            endpoint: `10.0.${this.#chance.below(4)}.${this.#chance.between(2, 250)}:8080`,
            machineId: `${row.provider}-${this.#chance.between(1_000, 9_999)}`,
          },
          this.#now + this.#chance.between(3, 9) * 1_000,
        );
        this.#report(
          row.group,
          row.id,
          'info',
          'launched',
          `${row.id} is at ${this.instance(row.id).endpoint}, booting.`,
        );
        return;
      case 'probing':
      case 'booting':
        this.#to(
          row.id,
          { state: 'inService', lifecycleState: 'InService', since: this.#now, health: 'healthy', detail: '' },
          null,
        );
        this.#report(
          row.group,
          row.id,
          'info',
          'inService',
          `${row.id} is in service ${Math.round((this.#now - row.createdAt) / 1_000)} s after its launch.`,
        );
        return;
      case 'inService':
        this.#terminate(
          machine,
          'replaceUnhealthy',
          `Replacing ${row.id}: unhealthy for 20 s (${row.detail}); Drover asked it too and got no answer.`,
        );
        return;
      case 'draining':
        this.#report(
          row.group,
          row.id,
          'info',
          'drained',
          `${row.id} has no open request left after ${Math.round((this.#now - row.since) / 1_000)} s.`,
        );
        this.#to(row.id, { state: 'terminating', since: this.#now }, this.#now + 3_000);
        return;
      case 'terminating':
      case 'terminated':
        this.#report(row.group, row.id, 'info', 'terminated', `${row.id} is gone.`);
        this.#machines.delete(row.id);
        this.changed.delete(row.id);
        this.gone.add(row.id);
    }
  }

  #size(group: FakeGroup): void {
    const { perServer } = group;
    if (perServer !== null && this.#now % 30_000 < STEP_MS && !group.suspendedProcesses.includes('alarmNotification')) {
      const load = this.load(group, this.#now);
      const wants = Math.min(group.maxSize, Math.max(group.minSize, Math.ceil(load / perServer)));
      if (Math.abs(wants - group.desired) > 0 && this.#chance.next() < 0.7) {
        const before = group.desired;
        group.desired = wants;
        const message = `Desired capacity ${before} -> ${wants}: requests sees ${load.toFixed(0)} requests/s, ${(load / before).toFixed(1)} for each server, target ${perServer}.`;
        this.#report(group.name, null, 'info', wants > before ? 'scaledOut' : 'scaledIn', message, {
          before,
          after: wants,
        });
      }
    }
    const kept = this.#of(group.name).filter(({ row }) => !['draining', 'terminating'].includes(row.state));
    if (group.launchSuspended === null && !group.suspendedProcesses.includes('launch')) {
      for (let have = kept.length; have < group.desired; have += 1) this.#launch(group, this.#now, false);
    }
    if (group.suspendedProcesses.includes('terminate')) return;
    for (const extra of kept.slice(group.desired)) {
      this.#drain(
        extra,
        'scaleIn',
        `Draining ${extra.row.id}: ${kept.length} are in service, ${group.desired} are desired; it has the fewest open requests.`,
      );
    }
  }

  #fail(): void {
    if (this.#chance.next() > 0.008) return;
    const candidates = this.instances().filter(
      ({ group, state, health }) =>
        state === 'inService' && health === 'healthy' && this.group(group).incident === null,
    );
    const row = candidates[this.#chance.below(Math.max(1, candidates.length))];
    if (row === undefined || candidates.length < 4) return;
    if (this.#chance.next() < 0.5) return this.kill(row.id);
    this.#to(row.id, { health: 'unhealthy', detail: 'health check: timeout after 2 s (L7TOUT)' }, this.#now + 20_000);
    this.#report(
      row.group,
      row.id,
      'warning',
      'unhealthy',
      `${row.id} is unhealthy: health check: timeout after 2 s (L7TOUT); it gets no traffic.`,
    );
  }

  #incidents(): void {
    for (const group of this.groups) {
      if (group.incident === null) continue;
      const { level, reason, message } = group.incident;
      group.launchSuspended = message;
      for (const { row } of this.#of(group.name).slice(1)) this.#machines.delete(row.id);
      this.#report(group.name, null, level, reason, message);
    }
  }

  #drain(machine: Machine, reason: ActivityReason, message: string): void {
    this.#report(machine.row.group, machine.row.id, 'info', reason, message);
    const change = {
      state: 'draining',
      lifecycleState: 'Terminating',
      since: this.#now,
      detail: 'open requests finish',
    } as const;
    this.#to(machine.row.id, change, this.#now + this.#chance.between(6, 14) * 1_000);
  }

  #terminate(machine: Machine, reason: ActivityReason, message: string): void {
    this.#report(
      machine.row.group,
      machine.row.id,
      reason === 'operatorTerminate' ? 'info' : 'warning',
      reason,
      message,
    );
    const change = { state: 'terminating', lifecycleState: 'Terminating', since: this.#now } as const;
    this.#to(machine.row.id, change, this.#now + 4_000);
  }

  #to(id: string, change: Partial<InstanceStatus>, nextAt: number | null): void {
    const machine = this.#machines.get(id);
    if (machine === undefined) return;
    machine.row = { ...machine.row, ...change };
    machine.nextAt = nextAt;
    this.#traffic(machine.row, this.group(machine.row.group));
  }

  #traffic(row: InstanceStatus, group: FakeGroup): void {
    const machine = this.#machines.get(row.id);
    if (machine === undefined) return;
    this.#touch(row.id);
    const rate = (this.load(group, this.#now) / Math.max(1, group.desired)) * this.#chance.around(1, 0.15);
    machine.row = withTraffic(row, group, rate, this.#chance);
  }

  #touch(id: string): void {
    this.changed.add(id);
  }

  #report(
    group: string | null,
    instanceId: string | null,
    level: ActivityLevel,
    reason: ActivityReason,
    message: string,
    desired?: { before: number; after: number },
  ): void {
    this.#sequence += 1;
    const sizes = (size: number) => ({ desired: size, inService: size, total: size });
    const change = desired === undefined ? {} : { before: sizes(desired.before), after: sizes(desired.after) };
    this.activities.push({
      ...PLAIN_ACTIVITY,
      at: this.#now,
      group,
      instanceId,
      level,
      reason,
      message,
      ...change,
      sequence: this.#sequence,
    });
    if (this.activities.length > 5_000) this.activities.shift();
  }
}
