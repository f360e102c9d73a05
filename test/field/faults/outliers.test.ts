/** Kind: a server that fails its requests while its health check passes is never noticed. */

import { describe, expect, it } from 'vitest';
import { decide } from '../../../src/decide/decide.ts';
import type { RequestWindow } from '../../../src/decide/snapshot.ts';
import { LAUNCHING_WORKS } from '../../../src/model/group-memory.ts';
import { healthy, holds, reasons, states, unhealthySince } from '../../support/decisions.ts';
import { type Circumstances, NOW, type Server, snapshotOf } from '../../support/snapshot.ts';

const REPLACE = { action: 'replace' } as const;

/** Three intervals of so many requests and errors. */
const windows = (requests: number, errors: number): readonly RequestWindow[] => Array(3).fill({ requests, errors });

function decideOn(
  recent: Readonly<Record<string, readonly RequestWindow[]>>,
  circumstances: Circumstances = {},
  more: readonly Server[] = [],
) {
  const servers = [...healthy(...Object.keys(recent)), ...more];
  const group = { desiredCapacity: servers.length, ...circumstances.group };
  return decide(snapshotOf(servers, { ...circumstances, group, recent: Object.entries(recent) }), NOW);
}

const one = { a: windows(100, 0), b: windows(100, 2), x: windows(100, 97) };

describe('a server that fails its requests while its health check passes', () => {
  it('is reported once, with its share and that of the others, and stays by default', () => {
    const first = decideOn(one);
    expect(first.activities).toMatchObject([{ reason: 'targetOutlier', level: 'warning', instanceId: 'x' }]);
    expect(first.activities[0]?.message).toBe(
      'x fails 97 % of its requests (291 of 300 in 30 s) although its health check passes; the others fail 1 %; it stays, because outlierDetection.action is report.',
    );
    expect(states(first)).toEqual({});
    expect(reasons(decideOn(one, { memory: first.memory }))).toEqual([]);
  });

  it('is drained as soon as its replacement serves where that is wanted', () => {
    const first = decideOn(one, { outlierDetection: REPLACE });
    expect(reasons(first)).toEqual(['targetOutlier', 'launch']);
    expect(states(first)).not.toHaveProperty('x');
    expect(holds(first)).toEqual(['replacementFirst']);
    const { memory } = first;
    const group = { desiredCapacity: 3 };
    const health = { status: 'unknown', since: NOW } as const;
    const booting: Server = { id: 'n', target: 'initial', health, state: { name: 'booting', since: NOW - 1_000 } };
    const meanwhile = decideOn(one, { outlierDetection: REPLACE, memory, group }, [booting]);
    expect(reasons(meanwhile)).toEqual([]);
    expect(states(meanwhile)).toEqual({});
    const [serving] = healthy('n');
    const then = decideOn(one, { outlierDetection: REPLACE, memory, group }, serving === undefined ? [] : [serving]);
    expect(reasons(then)).toEqual(['replaceUnhealthy']);
    expect(states(then)).toEqual({ x: 'draining' });
  });

  it('keeps its replacement while something else holds it back', () => {
    const group = { desiredCapacity: 3 };
    const launch = { ...LAUNCHING_WORKS, failures: 1, notBefore: NOW + 1_000 };
    const [serving] = healthy('n');
    const more = serving === undefined ? [] : [serving];
    const decision = decideOn(one, { outlierDetection: REPLACE, group, memory: { launch } }, more);
    expect(states(decision)).toEqual({});
  });

  it('is drained at once where the maximum leaves no room, which is said', () => {
    const decision = decideOn(one, { outlierDetection: REPLACE, group: { maxSize: 3 } });
    expect(states(decision)).toEqual({ x: 'draining' });
    expect(reasons(decision)).toEqual(['targetOutlier', 'replaceUnhealthy']);
    expect(decision.activities[1]).toMatchObject({
      cappedBy: 'maxSize',
      message:
        'Replacing x: it fails its requests, although its health check passes. The maximum of 3 leaves no room to replace it first.',
    });
    expect(decision.changed.find(({ id }) => id === 'x')?.state).toMatchObject({ cause: 'outlier', deadline: null });
  });

  it('is said to have recovered when it errs no more', () => {
    const { memory } = decideOn(one);
    const decision = decideOn({ ...one, x: windows(100, 3) }, { memory });
    expect(reasons(decision)).toEqual(['recovered']);
    expect(decision.memory.told).toEqual([]);
  });

  it.each<[string, readonly RequestWindow[]]>([
    ['on the strength of few requests', windows(19, 19)],
    ['before it has failed them for several intervals', windows(100, 100).slice(1)],
    ['when one of the intervals was better', [...windows(100, 100).slice(1), { requests: 100, errors: 10 }]],
    ['for less than the share', windows(100, 49)],
  ])('is left alone %s', (_, x) => {
    const decision = decideOn({ ...one, x }, { outlierDetection: REPLACE });
    expect(reasons(decision)).toEqual([]);
    expect(states(decision)).toEqual({});
  });

  it('is reported and never replaced when the others fail alike', () => {
    const all = { a: windows(100, 60), b: windows(100, 70), x: windows(100, 97) };
    const decision = decideOn(all, { outlierDetection: REPLACE });
    expect(reasons(decision)).toEqual(['targetOutlier', 'targetOutlier', 'targetOutlier']);
    expect(states(decision)).toEqual({});
  });

  it('is reported and never replaced when there is nothing to compare it with', () => {
    const decision = decideOn({ a: windows(1, 0), x: windows(100, 100) }, { outlierDetection: REPLACE });
    expect(reasons(decision)).toEqual(['targetOutlier']);
    expect(states(decision)).toEqual({});
  });

  it('waits under the health brake when many fail at once', () => {
    const good = Object.fromEntries(['a', 'b', 'c', 'd', 'e', 'f'].map((id) => [id, windows(1_000, 0)]));
    const decision = decideOn({ ...good, x: windows(100, 90), y: windows(100, 90) }, { outlierDetection: REPLACE });
    expect(states(decision)).toEqual({});
    expect(holds(decision)).toContain('healthBrake');
  });

  it('is replaced within the budget, beside an unhealthy one', () => {
    const unhealthy: Server = { id: 'y', ...unhealthySince(90_000) };
    const good = Object.fromEntries(['a', 'b', 'c', 'd', 'e'].map((id) => [id, windows(1_000, 0)]));
    const memory = { unhealthyAt: { y: NOW - 90_000 } };
    const decision = decideOn({ ...good, x: windows(100, 90) }, { outlierDetection: REPLACE, memory }, [unhealthy]);
    expect(states(decision)).toMatchObject({ y: 'draining' });
    expect(states(decision)).not.toHaveProperty('x');
    expect(reasons(decision).filter((reason) => reason === 'launch')).toHaveLength(1);
    expect(holds(decision)).toContain('replacementBudget');
  });

  it('stays while replacing is suspended', () => {
    const memory = { suspendedProcesses: ['replaceUnhealthy' as const] };
    expect(states(decideOn(one, { outlierDetection: REPLACE, memory }))).toEqual({});
  });
});
