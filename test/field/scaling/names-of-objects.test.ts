import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { decide } from '../../../src/decide/decide.ts';
import { shiftMemory } from '../../../src/decide/shift.ts';
import { diffFleets } from '../../../src/fleet/diff.ts';
import type { Fleet } from '../../../src/model/fleet.ts';
import { openSqliteStore } from '../../../src/store/sqlite.ts';
import { healthy, reasons } from '../../support/decisions.ts';
import { metric, stepping, value } from '../../support/policies.ts';
import { NOW, snapshotOf } from '../../support/snapshot.ts';

/** Names that every object of JavaScript answers to, as far as a fleet file takes them. */
const NAMES = Object.getOwnPropertyNames(Object.prototype).filter((name) => /^[a-zA-Z]/.test(name));

describe.each(NAMES)('a policy, a metric and a scheduled action with the name %s', (name) => {
  const group = {
    name,
    metrics: [metric(name)],
    scalingPolicies: [stepping({ name, metric: name, breachForMs: 60_000 })],
    scheduledActions: [
      {
        name,
        schedule: { kind: 'once', at: NOW + 90_000 },
        startAt: null,
        endAt: null,
        minSize: 2,
        maxSize: null,
        desiredCapacity: null,
      },
    ],
  } as const;
  const decideOn = (memory: object, atMs: number) =>
    decide(
      snapshotOf(healthy('a', 'b', 'c'), { group, memory }, { metrics: new Map([[name, value(90, NOW + atMs)]]) }),
      NOW + atMs,
    );

  it('have a memory like any other, from one check to the next and through the store', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'drover-names-'));
    const store = await openSqliteStore({ path: join(folder, 'drover.db') });
    onTestFinished(async () => {
      await store.close();
      await rm(folder, { recursive: true });
    });
    const first = decideOn({}, 0);
    expect(first.memory.policies.get(name)).toMatchObject({ breachedSince: NOW });
    await store.commit({ memory: { group: name, value: first.memory }, instances: [], activities: first.activities });
    const { groups } = await store.load();
    expect(groups.get(name)).toEqual(first.memory);
    expect(shiftMemory(shiftMemory(first.memory, 5), -5).policies).toEqual(first.memory.policies);
    expect(reasons(decideOn(groups.get(name) ?? {}, 60_000))).toContain('scaledOut');
    expect(decideOn(groups.get(name) ?? {}, 90_000).memory.bounds).toMatchObject({ minSize: 2, minSizeBy: name });
  });

  it('are seen to be added and removed', () => {
    const { group: described } = snapshotOf([], { group });
    const fleet = (some: Partial<Fleet>): Fleet => ({
      name: 'f',
      providers: [],
      loadBalancers: [],
      targetGroups: [],
      autoScalingGroups: [],
      notifications: [],
      history: { activityRows: 1, sampleRows: 1, terminatedInstanceRows: 1 },
      ...some,
    });
    const without = { ...described, metrics: [], scalingPolicies: [], scheduledActions: [] };
    const changes = diffFleets(fleet({ autoScalingGroups: [without] }), fleet({ autoScalingGroups: [described] }));
    expect(changes.map(({ path }) => path)).toEqual(
      ['metrics', 'scalingPolicies', 'scheduledActions'].map((kind) => `autoScalingGroups.${name}.${kind}.${name}`),
    );
  });
});
