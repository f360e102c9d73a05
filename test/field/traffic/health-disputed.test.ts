/** Kind: HAProxy and Drover do not find the same of a server, and it waits for ever with nothing said. */

import { describe, expect, it } from 'vitest';
import { decide } from '../../../src/decide/decide.ts';
import { healthy, holds, reasons, states, unhealthySince } from '../../support/decisions.ts';
import { NOW, type Server, snapshotOf } from '../../support/snapshot.ts';

const GRACE_MS = 30_000;

/** A new server that only Drover finds healthy. */
function disputed(ageMs: number): Server {
  const since = NOW - ageMs;
  const health = { status: 'unhealthy', since, detail: 'answered 400 (L7STS)' } as const;
  return {
    id: 'n',
    createdAgoMs: ageMs,
    target: 'unhealthy',
    probe: 'healthy',
    state: { name: 'booting', since },
    health,
  };
}

describe('a server that HAProxy and Drover disagree on', () => {
  it('is reported once, with both answers', () => {
    const servers = [...healthy('a', 'b'), disputed(GRACE_MS + 1_000)];
    const first = decide(snapshotOf(servers), NOW);
    expect(first.activities).toMatchObject([{ reason: 'healthDisputed', level: 'warning', instanceId: 'n' }]);
    expect(first.activities[0]?.message).toContain('(connection refused (L4CON))');
    expect(first.activities[0]?.message).toContain('(answered 200)');
    expect(reasons(decide(snapshotOf(servers, { memory: first.memory }), NOW))).toEqual([]);
  });

  it('does not keep its place in booting for ever', () => {
    const decision = decide(snapshotOf([...healthy('a', 'b'), disputed(2 * GRACE_MS)]), NOW);
    expect(states(decision)).toMatchObject({ n: 'draining' });
    expect(reasons(decision)).toContain('neverHealthy');
    const said = decision.activities.find(({ reason }) => reason === 'neverHealthy');
    expect(said).toMatchObject({ level: 'warning', message: expect.stringContaining('healthy for Drover itself') });
  });

  it('keeps it while HAProxy finds none of the group healthy: then HAProxy is more likely to be wrong', () => {
    const all = ['a', 'b'].map((id): Server => ({ id, ...unhealthySince(90_000), probe: 'healthy' }));
    const decision = decide(snapshotOf([...all, disputed(2 * GRACE_MS)]), NOW);
    expect(states(decision)).toEqual({});
    expect(holds(decision)).toContain('secondVantage');
  });

  it('is never ended once it has been in service', () => {
    const server: Server = { id: 'x', ...unhealthySince(3_600_000), probe: 'healthy' };
    const decision = decide(snapshotOf([...healthy('a', 'b'), server]), NOW);
    expect(states(decision)).toEqual({});
    expect(reasons(decision)).toEqual(['healthDisputed']);
  });

  it('is reported again when it recovers and the two disagree anew', () => {
    const server: Server = { id: 'x', ...unhealthySince(3_600_000), probe: 'healthy' };
    const first = decide(snapshotOf([...healthy('a', 'b'), server]), NOW);
    const well = decide(snapshotOf(healthy('a', 'b', 'x'), { memory: first.memory }), NOW);
    expect(well.memory.told).toEqual([]);
    expect(reasons(decide(snapshotOf([...healthy('a', 'b'), server], { memory: well.memory }), NOW))).toEqual([
      'healthDisputed',
    ]);
  });
});
