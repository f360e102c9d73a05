/** Failures that others have had with how many there are. */

import { describe, expect, it } from 'vitest';
import { decide } from '../../src/decide/decide.ts';
import { LAUNCHING_WORKS } from '../../src/model/group-memory.ts';
import { failure, healthy, holds, reasons } from '../support/decisions.ts';
import { lived, simulated } from '../support/scenarios.ts';
import { NOW, type Server, snapshotOf } from '../support/snapshot.ts';

const launchesIn = (decision: ReturnType<typeof decide>) => reasons(decision).filter((reason) => reason === 'launch');

describe('the maximum', () => {
  it.each<[string, Server]>([
    ['launching', { id: 'x', unlaunched: true, state: { name: 'launching', since: NOW, retryAt: NOW + 9_000 } }],
    ['booting', { id: 'x', state: { name: 'booting', since: NOW }, health: { status: 'unknown', since: NOW } }],
    ['stopped', { id: 'x', machine: 'stopped', target: 'unhealthy' }],
    [
      'terminating',
      {
        id: 'x',
        state: { name: 'terminating', since: NOW, cause: 'neverHealthy', retryAt: null, commandEnded: false },
      },
    ],
  ])('cloudstack #9318, #14185: a %s machine counts against it', (_, server) => {
    const decision = decide(
      snapshotOf([...healthy('a', 'b'), server], { group: { maxSize: 3, desiredCapacity: 3 } }),
      NOW,
    );
    expect(launchesIn(decision)).toEqual([]);
  });

  it('cloudstack #9318: machines that never become healthy are not launched for ever', async () => {
    const launchRetry = { initialBackoffMs: 1_000, maxBackoffMs: 2_000, suspendAfter: 5 };
    const scenario = simulated({ desiredCapacity: 4, maxSize: 4, launchRetry });
    scenario.conditions.machines.neverHealthy = 1;
    const { lines, violations } = await lived({ ...scenario, quietAtMs: 3_600_000 });
    expect(violations).toEqual([]);
    const calm = lines.findIndex((line) => line.includes('everything calms down'));
    const launched = lines.slice(0, calm).filter((line) => / m-\d+ of i-\w+ launched/.test(line));
    // The first four, and then one at a time until launching is suspended.
    expect(launched.length).toBeGreaterThan(4);
    expect(launched.length).toBeLessThanOrEqual(4 + launchRetry.suspendAfter);
  });
});

describe('scaling from 0', () => {
  it('nomad-autoscaler #530, #424: a group without servers, and so without any metric, comes up', () => {
    const from0 = { group: { minSize: 0, desiredCapacity: 0 } };
    const file = { kind: 'value', value: 2, at: NOW } as const;
    expect(launchesIn(decide(snapshotOf([], from0, { file }), NOW))).toHaveLength(2);
  });
});

describe('waiting after a failure', () => {
  const memory = (notBefore: number) => ({ launch: { ...LAUNCHING_WORKS, failures: 3, notBefore, suspended: null } });

  it('OpenNebula one #5145: the wait after an error ends by itself', () => {
    const waiting = decide(snapshotOf([], { memory: memory(NOW + 1_000) }), NOW);
    expect(launchesIn(waiting)).toEqual([]);
    expect(holds(waiting)).toContain('launchBackoff');
    expect(waiting.wakeAt).toBe(NOW + 1_000);
    expect(launchesIn(decide(snapshotOf([], { memory: memory(NOW) }), NOW))).toHaveLength(1);
  });

  it("autoscaler #4133: a provider's rate limit is waited for, however long it asks for", () => {
    const launching: Server = { id: 'n', unlaunched: true, state: { name: 'launching', since: NOW, retryAt: null } };
    const limited = { ...failure('RateLimited'), retryAfterMs: 3_000_000 };
    const outcomes = [{ kind: 'launchFailed', instanceId: 'n', failure: limited }] as const;
    const throttled = new Map([['process', { until: NOW + 3_000_000, why: 'too many requests' }]]);
    const decision = decide(snapshotOf([launching], {}, { outcomes, throttled }), NOW);
    expect(decision.due.launch).toEqual([]);
    expect(launchesIn(decision)).toEqual([]);
    expect(holds(decision)).toContain('rateLimited');
    expect(decision.wakeAt).toBe(NOW + 3_000_000);
  });

  it('autoscaler #4133: a failed launch that names a time to wait waits for as long', () => {
    const launching: Server = { id: 'n', unlaunched: true, state: { name: 'launching', since: NOW, retryAt: null } };
    const later = { ...failure('Transient'), retryAfterMs: 3_000_000 };
    const outcomes = [{ kind: 'launchFailed', instanceId: 'n', failure: later }] as const;
    const decision = decide(snapshotOf([launching], {}, { outcomes }), NOW);
    expect(decision.memory.launch.notBefore).toBe(NOW + 3_000_000);
  });
});
