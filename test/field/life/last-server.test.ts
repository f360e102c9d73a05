import { describe, expect, it } from 'vitest';
import { type Command, decideCommand } from '../../../src/decide/commands.ts';
import type { CommandRecords } from '../../../src/decide/snapshot.ts';
import { healthy, unhealthySince } from '../../support/decisions.ts';
import { NOW, recordsOf, type Server } from '../../support/snapshot.ts';

const drain = (instanceId: string, force = false): Command => ({ kind: 'drain', instanceId, force });
const terminate = (instanceId: string): Command => ({ kind: 'terminate', instanceId, force: false });

describe('the end of the last server of a target group', () => {
  const full = { group: { minSize: 1, maxSize: 1, desiredCapacity: 1 } };
  const roomy = { group: { minSize: 1, maxSize: 2, desiredCapacity: 1 } };
  const pair = (second: Partial<Server>) => recordsOf([...healthy('x'), { id: 'y', ...second }], roomy);

  it('is refused with what it costs and what to do', () => {
    expect(decideCommand(recordsOf(healthy('x'), full), drain('x'), NOW)).toEqual({
      kind: 'refusal',
      code: 'lastServer',
      message:
        'x is the last server of target group web: requests would get 503 until its replacement is in service. Raise maxSize above 1, so that its replacement comes first, or pass --force (the API: force=true).',
    });
    expect(decideCommand(recordsOf(healthy('x'), roomy), terminate('x'), NOW)).toMatchObject({ code: 'lastServer' });
  });

  it.each<readonly [string, CommandRecords, Command]>([
    ['with force', recordsOf(healthy('x'), full), drain('x', true)],
    ['where its replacement can come first', recordsOf(healthy('x'), roomy), drain('x')],
    ['where another one serves', pair({}), terminate('x')],
    ['where it does not serve', recordsOf([{ id: 'x', ...unhealthySince(90_000) }], full), drain('x')],
    ['behind no load balancer', { ...recordsOf(healthy('x'), full), balanced: new Set() }, drain('x')],
    [
      'where another group serves the target group',
      { ...recordsOf(healthy('x'), full), others: [recordsOf(healthy('z'))] },
      drain('x'),
    ],
  ])('is a change %s', (_, records, command) => {
    expect(decideCommand(records, command, NOW)).toMatchObject({ kind: 'change' });
  });

  it.each<readonly [string, CommandRecords]>([
    ['is to go as well', pair({ request: { kind: 'drain', at: NOW } })],
    ['is unhealthy', pair(unhealthySince(90_000))],
  ])('is refused where the only other one %s', (_, records) => {
    expect(decideCommand(records, terminate('x'), NOW)).toMatchObject({ code: 'lastServer' });
    expect(decideCommand(records, drain('x'), NOW)).toMatchObject({ code: 'lastServer' });
  });
});
