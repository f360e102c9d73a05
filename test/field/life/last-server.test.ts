import { describe, expect, it } from 'vitest';
import { GroupLoop, type GroupSurroundings } from '../../../src/control/group-loop.ts';
import { priceOfEnding } from '../../../src/control/last-server.ts';
import { requestEnd } from '../../../src/control/orders.ts';
import type { AutoScalingGroup } from '../../../src/model/fleet.ts';
import { EMPTY_MEMORY } from '../../../src/model/group-memory.ts';
import type { Clock } from '../../../src/ports/clock.ts';
import { healthy, unhealthySince } from '../../support/decisions.ts';
import { GROUP, NOW, type Server, snapshotOf } from '../../support/snapshot.ts';

const clock = { now: () => NOW, steadyMs: () => NOW, sleep: async () => {} } as Clock;
const balanced = new Set(['web']);

function loopOf(servers: readonly Server[], group: Partial<AutoScalingGroup> = {}): GroupLoop {
  const around = {
    clock,
    store: { commit: async () => {} },
    onMembersChanged: () => {},
  } as unknown as GroupSurroundings;
  const { instances } = snapshotOf(servers, { group });
  return new GroupLoop({ ...GROUP, minSize: 1, maxSize: 1, ...group }, { memory: EMPTY_MEMORY, instances }, around);
}

const price = (loop: GroupLoop, kind: 'drain' | 'terminate' = 'drain', groups = [loop]) =>
  priceOfEnding(loop, 'a', kind, groups, balanced);

describe('the last server of a target group', () => {
  it('is not drained where its replacement cannot come first', () => {
    expect(price(loopOf(healthy('a')))).toBe(
      'a is the last server of target group web: requests would get 503 until its replacement is in service. Raise maxSize above 1, so that its replacement comes first, or pass --force (the API: force=true).',
    );
  });

  it.each<readonly [string, GroupLoop]>([
    ['its replacement can come first', loopOf(healthy('a'), { maxSize: 2 })],
    ['another one serves', loopOf(healthy('a', 'b'), { maxSize: 2 })],
    ['it does not serve', loopOf([{ id: 'a', ...unhealthySince(90_000) }])],
    ['it is behind no load balancer', loopOf(healthy('a'), { targetGroups: [] })],
  ])('is drained without a word where %s', (_, loop) => {
    expect(price(loop)).toBeNull();
  });

  it('is not drained where the only other one is to go as well, or is unhealthy', () => {
    const going: Server = { id: 'b', request: { kind: 'drain', at: NOW } };
    expect(price(loopOf([...healthy('a'), going], { maxSize: 2 }))).not.toBeNull();
    expect(price(loopOf([...healthy('a'), { id: 'b', ...unhealthySince(90_000) }], { maxSize: 2 }))).not.toBeNull();
  });

  it('is drained where another group serves the same target group', () => {
    const loop = loopOf(healthy('a'));
    expect(price(loop, 'drain', [loop, loopOf(healthy('z'), { name: 'other' })])).toBeNull();
  });

  it('has its price for whom terminates it, also where there is room', () => {
    expect(price(loopOf(healthy('a'), { maxSize: 5 }), 'terminate')).toContain('force=true');
  });

  it('is refused with a code of its own, and ended with force', async () => {
    const loop = loopOf(healthy('a'));
    const order = { loop, id: 'a', kind: 'drain', clock } as const;
    await expect(requestEnd(order, () => price(loop))).rejects.toMatchObject({ code: 'lastServer' });
    expect(loop.instances[0]?.request).toBeNull();
    await requestEnd(order, () => null);
    expect(loop.instances[0]?.request).toMatchObject({ kind: 'drain' });
  });
});
