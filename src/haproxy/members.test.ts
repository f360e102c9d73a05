import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sampleGroup, sampleMember, sampleState } from '../../test/haproxy-samples.ts';
import { PortError } from '../ports/errors.ts';
import type { DesiredState } from '../ports/load-balancer.ts';
import { checkDesired, serverIds } from './members.ts';

describe('checkDesired', () => {
  const refused: Readonly<Record<string, DesiredState>> = {
    'a name instead of an address': sampleState([sampleMember('i-1', { endpoint: { address: 'localhost', port: 1 } })]),
    'an address with a zone': sampleState([sampleMember('i-1', { endpoint: { address: 'fe80::1%eth0', port: 1 } })]),
    'no port': sampleState([sampleMember('i-1', { endpoint: { address: '127.0.0.1', port: 0 } })]),
    'a command in an instance id': sampleState([sampleMember('i-1; show info')]),
    'a line in a target group': sampleState([], { ...sampleGroup, name: 'a\nglobal' }),
    'a quote in a path': sampleState([], {
      ...sampleGroup,
      healthCheck: { ...sampleGroup.healthCheck, path: "/' hdr x y" },
    }),
    'a member of an unknown group': sampleState([sampleMember('i-1', { targetGroup: 'other' })]),
    'the same member twice': sampleState([sampleMember('i-1'), sampleMember('i-1')]),
  };
  for (const [name, desired] of Object.entries(refused)) {
    it(`refuses ${name}`, () => {
      expect(() => checkDesired(desired)).toThrow(PortError);
    });
  }

  it('spells addresses as HAProxy does', () => {
    const { members } = checkDesired(
      sampleState([sampleMember('i-1', { endpoint: { address: '0:0:0::1', port: 1 } })]),
    );
    expect(members[0]?.endpoint.address).toBe('::1');
  });

  it('lets nothing through that could end a word of a configuration', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (id, path) => {
        const desired = sampleState([sampleMember(id)], {
          ...sampleGroup,
          healthCheck: { ...sampleGroup.healthCheck, path: `/${path}` },
        });
        try {
          checkDesired(desired);
        } catch {
          return;
        }
        expect(id).toMatch(/^[\w.:-]+$/);
        expect(path).toMatch(/^[!-~]*$/);
        expect(path).not.toContain("'");
      }),
    );
  });
});

describe('serverIds', () => {
  it('gives each server of a group its own id, the same in any order and company, and leaves those that are taken', () => {
    const names = fc.uniqueArray(fc.stringMatching(/^[a-z0-9]{1,6}$/), { maxLength: 60 });
    fc.assert(
      fc.property(names, (ids) => {
        const members = ids.map((id) => sampleMember(id));
        const first = serverIds(members, new Map());
        expect(new Set(first.values()).size).toBe(ids.length);
        expect(serverIds(members.toReversed(), new Map())).toEqual(first);
        expect(serverIds(members, new Map([...first].slice(0, 3)))).toEqual(first);
        for (const id of first.values()) expect(id).toBeGreaterThan(0);
      }),
    );
  });

  it('moves on where the number belongs to another', () => {
    const [id] = serverIds([sampleMember('i-1')], new Map()).values();
    const taken = new Map([['hello/other', id ?? 0]]);
    expect(serverIds([sampleMember('i-1')], taken).get('hello/i-1')).toBe((id ?? 0) + 1);
  });
});
