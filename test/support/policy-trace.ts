import { decide } from '../../src/decide/decide.ts';
import type { Decision } from '../../src/decide/draft.ts';
import { Forecasts } from '../../src/decide/policies/forecast.ts';
import { Calendar } from '../../src/decide/schedule.ts';
import type { Outcome, Snapshot } from '../../src/decide/snapshot.ts';
import type { AutoScalingGroup } from '../../src/model/fleet.ts';
import { EMPTY_MEMORY, type GroupMemory } from '../../src/model/group-memory.ts';
import type { Instance } from '../../src/model/instance.ts';
import { isOver, serves } from '../../src/model/lifecycle.ts';
import type { Machine, Reading } from '../../src/model/observation.ts';
import { MINUTE, MONDAY_8, SECOND } from './policies.ts';
import { GROUP } from './snapshot.ts';

/** A group behind no load balancer in a world in which all goes well, and metrics made up from how many servers it has. */
export interface Play {
  readonly group: Partial<AutoScalingGroup>;
  readonly minutes: number;
  /** What each metric says at a minute, with so many servers in service; null for missing. */
  readonly metrics: (minute: number, inService: number) => Readonly<Record<string, number | null>>;
  readonly histories?: Snapshot['histories'];
  readonly from?: number;
  readonly everyMs?: number;
  /** From a launch until the server is in service. */
  readonly bootMs?: number;
  readonly memory?: Partial<GroupMemory>;
}

export interface Scene {
  readonly at: number;
  readonly inService: number;
  readonly readings: Readonly<Record<string, number | null>>;
  readonly decision: Decision;
}

/** Decides for the group again and again. */
export function play({ group: changes, minutes, metrics, histories, ...more }: Play): Scene[] {
  const { from = MONDAY_8, everyMs = 15 * SECOND, bootMs = 30 * SECOND } = more;
  const group: AutoScalingGroup = { ...GROUP, targetGroups: [], desiredCapacity: null, minSize: 1, ...changes };
  let memory: GroupMemory = { ...EMPTY_MEMORY, machinesListed: true, ...more.memory };
  let instances = new Map<string, Instance>();
  let outcomes: Outcome[] = [];
  const calendar = new Calendar();
  const forecasts = new Forecasts();
  const scenes: Scene[] = [];
  for (let now = from; now <= from + minutes * MINUTE; now += everyMs) {
    const inService = [...instances.values()].filter(serves).length;
    const readings = metrics((now - from) / MINUTE, inService);
    const machines = new Map(
      [...instances.values()].flatMap((instance) =>
        instance.machine === null
          ? []
          : [[instance.id, machineOf(instance, now - instance.createdAt >= bootMs)] as const],
      ),
    );
    const decision = decide(
      {
        group,
        targetGroups: [],
        mode: 'up',
        memory,
        instances: [...instances.values()],
        machines: {
          kind: 'seen',
          value: {
            at: now,
            machines,
            unseenZones: new Map(),
            places: new Map(),
            hasAllFromBefore: true,
            previous: { at: now - 1, machines, unseenZones: new Map() },
          },
        },
        zones: [],
        throttled: new Map(),
        targets: new Map(),
        probes: new Map(),
        file: null,
        metrics: new Map(Object.entries(readings).map(([name, value]) => [name, readingOf(value, now)])),
        histories: histories ?? new Map(),
        outcomes,
        ended: new Map(),
        busy: new Set(),
        calendar,
        forecasts,
        idSeed: `${now}`,
      },
      now,
    );
    scenes.push({ at: now, inService, readings, decision });
    // What is remembered comes back as a store would give it.
    memory = structuredClone(decision.memory);
    instances = new Map([...instances, ...decision.changed.map((instance) => [instance.id, instance] as const)]);
    for (const [id, instance] of instances) if (isOver(instance)) instances.delete(id);
    outcomes = [
      ...decision.due.launch.flatMap((id): Outcome[] => {
        const instance = instances.get(id);
        return instance === undefined
          ? []
          : [{ kind: 'launched', instanceId: id, machine: machineOf(instance, false), at: now }];
      }),
      ...decision.due.terminate.map((id): Outcome => ({ kind: 'ended', instanceId: id, at: now })),
    ];
  }
  return scenes;
}

/** The sizes that the group had, one after the other. */
export function sizes(scenes: readonly Scene[]): number[] {
  return scenes
    .map(({ decision }) => decision.memory.desired ?? 0)
    .filter((size, index, all) => index === 0 || size !== all[index - 1]);
}

/** A play as people can read it: a line whenever a policy changes its mind or something is done. */
export function trace(title: string, scenes: readonly Scene[]): string {
  const lines = [title, ''];
  let before = '';
  for (const { at, inService, readings, decision } of scenes) {
    const { verdicts, memory, activities } = decision;
    const told = activities.filter(({ reason }) => TOLD.has(reason)).map(({ message }) => message);
    const minds = JSON.stringify([verdicts.map(({ wants, cappedBy }) => [wants, cappedBy]), memory.desired]);
    if (minds === before && told.length === 0) continue;
    before = minds;
    const measured = Object.entries(readings).map(
      ([name, value]) => `${name} ${value === null ? '-' : value.toFixed(1)}`,
    );
    lines.push(
      `${new Date(at).toISOString().slice(11, 19)}  ${measured.join('  ')}  in service ${inService}, desired ${memory.desired}`,
    );
    for (const message of told) lines.push(`    * ${message}`);
    for (const { policy, wants, cappedBy, why } of verdicts) {
      const cap = cappedBy === null ? '' : ` (${cappedBy})`;
      lines.push(`    ${policy} wants ${wants ?? 'nothing'}${cap}: ${why}`);
    }
  }
  return `${lines.join('\n')}\n`;
}

const TOLD = new Set(['scaledOut', 'scaledIn', 'scheduledAction', 'metricMissing', 'metricVisible']);

function readingOf(value: number | null, at: number): Reading {
  return value === null ? { kind: 'missing', code: 'failed', detail: 'no answer', at } : { kind: 'value', value, at };
}

function machineOf({ id, group, createdAt }: Instance, isRunning: boolean): Machine {
  return {
    id: `m-${id}`,
    instanceId: id,
    group,
    state: isRunning ? 'running' : 'pending',
    addresses: ['127.0.0.1'],
    ports: [{ port: 20_000, hostPort: 20_000 }],
    launchedAt: createdAt,
    zone: null,
    detail: '',
  };
}
