import { describe, expect, it } from 'vitest';
import { sampleMember, sampleReport, sampleState } from '../../test/haproxy-samples.ts';
import type { Member } from '../model/member.ts';
import { difference } from './diff.ts';
import { encode } from './encoder.ts';
import type { Report } from './report.ts';

function lines(members: readonly Member[], report: Report): readonly string[] {
  const ids = new Map(
    members.flatMap(({ instanceId }) => [
      [`hello/${instanceId}`, 42],
      [`hello/_failopen:${instanceId}`, 43],
    ]),
  );
  return difference(sampleState(members), ids, report, { poolLimitsNeeded: true }).commands.map(({ words }) =>
    encode(words),
  );
}

describe('difference', () => {
  it('is nothing when all is as desired', () => {
    expect(lines([sampleMember('i-1')], sampleReport({}))).toEqual([]);
    expect(lines([sampleMember('i-1', { state: 'draining' })], sampleReport({ admin: 'drain' }))).toEqual([]);
  });

  it('adds a server that starts down, with every keyword, as the file has it', () => {
    expect(lines([sampleMember('i-1')], sampleReport())).toEqual([
      'add server hello/i-1 127.0.0.1:9001 id 42 weight 100 check inter 2000ms fastinter 200ms downinter 300ms rise 2 fall 3' +
        ' observe layer4 error-limit 1 on-error sudden-death pool-purge-delay 5s pool-max-conn -1',
      'set server hello/i-1 state drain',
      'set server hello/i-1 health down',
      'enable health hello/i-1',
      'set server hello/i-1 state ready',
    ]);
    expect(lines([sampleMember('i-1', { state: 'draining' })], sampleReport()).at(-1)).toBe('enable health hello/i-1');
  });

  it('drains, takes back and weighs', () => {
    expect(lines([sampleMember('i-1', { state: 'draining' })], sampleReport({}))).toEqual([
      'set server hello/i-1 state drain',
    ]);
    expect(lines([sampleMember('i-1')], sampleReport({ admin: 'drain' }))).toEqual([
      'set server hello/i-1 state ready',
    ]);
    expect(lines([sampleMember('i-1')], sampleReport({ weight: 3 }))).toEqual(['set server hello/i-1 weight 100']);
  });

  it('gives a proven member a stand-in that is there at once', () => {
    const [, , , , ready, ...standIn] = lines([sampleMember('i-1', { proven: true })], sampleReport());
    expect(ready).toBe('set server hello/i-1 state ready');
    expect(standIn).toEqual([
      'add server hello/_failopen:i-1 127.0.0.1:9001 id 43 weight 100 backup pool-purge-delay 5s pool-max-conn -1',
      'set server hello/_failopen:i-1 state ready',
    ]);
  });

  it('leaves a stand-in alone that is as it should be, though it is not checked', () => {
    const report = sampleReport({}, { name: '_failopen:i-1', checked: false });
    expect(lines([sampleMember('i-1', { proven: true })], report)).toEqual([]);
  });

  it('drains a stand-in with its member, takes it back with it, and mends what was cut short', () => {
    const draining = [sampleMember('i-1', { state: 'draining' })];
    const both = sampleReport({}, { name: '_failopen:i-1', checked: false });
    expect(lines(draining, both)).toEqual([
      'set server hello/i-1 state drain',
      'set server hello/_failopen:i-1 state drain',
    ]);
    expect(difference(sampleState(draining), new Map(), both, { poolLimitsNeeded: false }).leaving).toEqual([]);
    expect(lines(draining, sampleReport({ admin: 'drain' }))).toEqual([]);
    const proven = [sampleMember('i-1', { proven: true })];
    expect(lines(proven, sampleReport({}, { name: '_failopen:i-1', checked: false, admin: 'drain' }))).toEqual([
      'set server hello/_failopen:i-1 state ready',
    ]);
    expect(
      lines(proven, sampleReport({}, { name: '_failopen:i-1', checked: false, admin: 'maintenance' })).slice(-2),
    ).toEqual(['set server hello/_failopen:i-1 weight 100', 'set server hello/_failopen:i-1 state ready']);
  });

  it('takes a stand-in out with its member, and from a member that is not proven any more', () => {
    const report = sampleReport({}, { name: '_failopen:i-1', checked: false });
    expect(lines([], report)).toEqual([
      'set server hello/i-1 state maint',
      'set server hello/_failopen:i-1 state maint',
    ]);
    expect(lines([sampleMember('i-1')], report)).toEqual(['set server hello/_failopen:i-1 state maint']);
  });

  it('takes out who is not named, after all others have come in', () => {
    const report = sampleReport({ name: 'old' }, { name: 'older', admin: 'maintenance' }, { admin: 'drain' });
    expect(lines([sampleMember('i-1')], report)).toEqual([
      'set server hello/i-1 state ready',
      'set server hello/old state maint',
    ]);
    const { leaving } = difference(sampleState([]), new Map(), report, { poolLimitsNeeded: false });
    expect(leaving).toEqual(['hello/old', 'hello/older', 'hello/i-1']);
  });

  it.each([{ admin: 'maintenance' }, { port: 9 }, { address: '127.0.0.2' }, { checked: false }] as const)(
    'treats %o as a new server',
    (server) => {
      expect(lines([sampleMember('i-1')], sampleReport(server))).toEqual([
        'set server hello/i-1 state drain',
        'set server hello/i-1 addr 127.0.0.1 port 9001',
        'set server hello/i-1 weight 100',
        'set server hello/i-1 state drain',
        'set server hello/i-1 health down',
        'enable health hello/i-1',
        'set server hello/i-1 state ready',
      ]);
    },
  );
});
