import { describe, expect, it } from 'vitest';
import { healthy, holds, reasons, unhealthySince } from '../../test/support/decisions.ts';
import { NOW, type Server, snapshotOf } from '../../test/support/snapshot.ts';
import { decide } from './decide.ts';
import type { Decision } from './draft.ts';

/** Two that are healthy, and one that has been unhealthy for so long. */
function decided(
  repair: Server['repair'],
  { unhealthyMs = 90_000, seenAgoMs = 10, told = [] as readonly string[] } = {},
): Decision {
  const servers = [
    ...healthy('a', 'b'),
    { id: 'x', ...unhealthySince(unhealthyMs), ...(repair === undefined ? {} : { repair }) },
  ];
  return decide(snapshotOf(servers, { seenAgoMs, memory: { told: [...told] } }), NOW);
}

const reset = (leftMs: number) => ({ step: 'reset', why: 'status fails', until: NOW + leftMs }) as const;

describe('an unhealthy server whose provider can bring it back', () => {
  it('is not replaced before it was listed again', () => {
    const early = decided('possible', { unhealthyMs: 90_000, seenAgoMs: 95_000 });
    expect([reasons(early), holds(early), early.awaitsList]).toEqual([[], ['repair'], true]);
    expect(reasons(decided('possible', { seenAgoMs: 80_000 }))).toEqual(['replaceUnhealthy', 'launch']);
  });

  it('is not replaced while its provider does, and each step is reported once', () => {
    const first = decided(reset(60_000));
    expect([reasons(first), holds(first), first.wakeAt]).toEqual([['repairing'], ['repair'], NOW + 60_000]);
    expect(first.activities[0]?.message).toBe('x is not replaced yet: its provider resets its host (status fails).');
    const { told } = first.memory;
    expect(reasons(decided(reset(60_000), { told }))).toEqual([]);
    expect(reasons(decided({ ...reset(60_000), step: 'restart' }, { told }))).toEqual(['repairing']);
    expect(decided(undefined, { told }).memory.told).toEqual([]);
  });

  it('is replaced when that takes too long, whatever the provider says', () => {
    expect(reasons(decided(reset(0)))).toContain('replaceUnhealthy');
    expect(reasons(decided(reset(60_000), { unhealthyMs: 1_800_000 }))).toContain('replaceUnhealthy');
  });
});
