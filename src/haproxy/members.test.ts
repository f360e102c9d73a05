import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sampleGroup, sampleMember, sampleState } from '../../test/haproxy-samples.ts';
import { PortError } from '../ports/errors.ts';
import type { DesiredState } from '../ports/load-balancer.ts';
import { checkDesired } from './members.ts';

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
