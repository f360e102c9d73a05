import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sampleMember } from '../../test/haproxy-samples.ts';
import { instanceOf, isStandIn, keyOf, nameOf, type Server, serverIds, serversBeside, serversOf } from './servers.ts';

function memberServer(instanceId: string): Server {
  return { member: sampleMember(instanceId), standsIn: false };
}

describe('stand-ins', () => {
  const members = [
    sampleMember('proven', { proven: true }),
    sampleMember('new'),
    sampleMember('leaving', { proven: true, state: 'draining' }),
    sampleMember('left', { state: 'draining' }),
  ];

  it('are for ready members that are proven', () => {
    expect(serversOf(members).map(keyOf)).toEqual([
      'hello/proven',
      'hello/_failopen:proven',
      'hello/new',
      'hello/leaving',
      'hello/left',
    ]);
  });

  it('are kept beside draining members that have one', () => {
    const running = new Map([
      ['hello/_failopen:left', 0],
      ['hello/_failopen:new', 0],
    ]);
    expect(serversBeside(members, running).map(keyOf)).toEqual([
      ...serversOf(members).map(keyOf),
      'hello/_failopen:left',
    ]);
  });

  it('have names that lead back to the instance', () => {
    for (const server of serversOf(members)) {
      expect(instanceOf(nameOf(server))).toBe(server.member.instanceId);
      expect(isStandIn(nameOf(server))).toBe(server.standsIn);
    }
  });
});

describe('serverIds', () => {
  it('gives each server of a group its own id, the same in any order and company, and leaves those that are taken', () => {
    const names = fc.uniqueArray(fc.stringMatching(/^[a-z0-9]{1,6}$/), { maxLength: 60 });
    fc.assert(
      fc.property(names, (ids) => {
        const servers = ids.map((id) => memberServer(id));
        const first = serverIds(servers, new Map());
        expect(new Set(first.values()).size).toBe(ids.length);
        expect(serverIds(servers.toReversed(), new Map())).toEqual(first);
        expect(serverIds(servers, new Map([...first].slice(0, 3)))).toEqual(first);
        for (const id of first.values()) expect(id).toBeGreaterThan(0);
      }),
    );
  });

  it('moves on where the number belongs to another', () => {
    const [id] = serverIds([memberServer('i-1')], new Map()).values();
    const taken = new Map([['hello/other', id ?? 0]]);
    expect(serverIds([memberServer('i-1')], taken).get('hello/i-1')).toBe((id ?? 0) + 1);
  });
});
