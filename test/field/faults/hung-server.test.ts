/** Kind: requests on a server that is confirmed hung wait for the whole deregistration delay. */

import { describe, expect, it } from 'vitest';
import { decide } from '../../../src/decide/decide.ts';
import type { Instance } from '../../../src/model/instance.ts';
import { healthy, reasons, states, unhealthySince } from '../../support/decisions.ts';
import { NOW, type Server, snapshotOf } from '../../support/snapshot.ts';

const group = { desiredCapacity: 3 };
const unhealthy = (probe: Server['probe']): Server => ({ id: 'x', ...unhealthySince(90_000), probe: probe ?? null });

function replaced(probe: Server['probe']): Instance | undefined {
  return decide(snapshotOf([...healthy('a', 'b'), unhealthy(probe)], { group }), NOW).changed.find(
    ({ id }) => id === 'x',
  );
}

describe('a server that is replaced', () => {
  it('has no time left for its requests when it answers neither HAProxy nor Drover', () => {
    expect(replaced('silent')?.state).toMatchObject({ name: 'draining', deadline: NOW, cause: 'unhealthy' });
  });

  it('has its deregistration delay when it still answers, however badly', () => {
    expect(replaced('unhealthy')?.state).toMatchObject({ name: 'draining', deadline: null });
  });

  it('has its deregistration delay while another load balancer finds it healthy', () => {
    const snapshot = snapshotOf([...healthy('a', 'b'), unhealthy('silent')], { group });
    const other = snapshotOf([...healthy('a', 'b'), { ...unhealthy('silent'), target: 'healthy' }], { group });
    const [web] = snapshot.targetGroups;
    const seen = other.targets.get('web');
    if (web === undefined || seen === undefined) throw new Error('the group is behind web');
    const behindTwo = {
      ...snapshot,
      targetGroups: [web, { ...web, name: 'inner' }],
      targets: new Map([...snapshot.targets, ['inner', seen]]),
    };
    const [changed] = decide(behindTwo, NOW).changed.filter(({ id }) => id === 'x');
    expect(changed?.state).toMatchObject({ name: 'draining', deadline: null, cause: 'unhealthy' });
  });

  it('is cut once it is seen to get no new requests, not before', () => {
    const state = {
      name: 'draining',
      since: NOW - 100,
      deadline: NOW - 100,
      cause: 'unhealthy',
      reversible: false,
    } as const;
    const drained = (target: Server['target']) =>
      decide(snapshotOf([...healthy('a', 'b', 'c'), { id: 'x', state, target: target ?? null }], { group }), NOW);
    expect(states(drained('unhealthy'))).toEqual({ x: 'draining' });
    const decision = drained('draining');
    expect(states(decision)).toEqual({ x: 'terminating' });
    expect(reasons(decision)).toEqual(['drainTimedOut']);
    expect(decision.activities[0]?.message).toMatch(/^x answers nobody: 0 open requests are cut\./);
  });
});
