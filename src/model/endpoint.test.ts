import { describe, expect, it } from 'vitest';
import { TARGET_GROUP } from '../../test/support/snapshot.ts';
import { endpointOf, placesOf, sameAddresses, targetEndpoint } from './endpoint.ts';
import type { MachineAddresses } from './instance.ts';

const DIRECT: MachineAddresses = { addresses: ['10.0.0.1', '192.0.2.7'], ports: null };
const ASSIGNED: MachineAddresses = { addresses: ['127.0.0.1'], ports: [{ port: 20_001, hostPort: 20_001 }] };
const PUBLISHED: MachineAddresses = {
  addresses: ['127.0.0.1'],
  ports: [
    { port: 80, hostPort: 32_768 },
    { port: 9_000, hostPort: 32_769 },
  ],
};

describe('endpointOf', () => {
  it.each<[string, MachineAddresses, number | null, string | null]>([
    ['a machine that is reached directly, at the port that is asked for', DIRECT, 8_080, '10.0.0.1:8080'],
    ['a machine that is reached directly, nowhere without a port', DIRECT, null, null],
    ['a server with one assigned port, there', ASSIGNED, null, '127.0.0.1:20001'],
    ['a server with one assigned port, at no other', ASSIGNED, 80, null],
    ['published ports, where they are published', PUBLISHED, 9_000, '127.0.0.1:32769'],
    ['published ports, not one of several by chance', PUBLISHED, null, null],
    ['a machine without an address, nowhere', { ...DIRECT, addresses: [] }, 80, null],
    ['a server that is not reached yet, nowhere', { ...ASSIGNED, ports: [] }, null, null],
  ])('finds %s', (_what, machine, port, expected) => {
    const found = endpointOf(machine, port);
    expect(found && `${found.address}:${found.port}`).toBe(expected);
  });
});

describe('targetEndpoint', () => {
  const groupOf = (port: number | null, checkPort: number | null) => ({
    port,
    healthCheck: { ...TARGET_GROUP.healthCheck, port: checkPort },
  });

  it.each<[string, MachineAddresses, number | null, number | null, number | null]>([
    ['at the port of the requests', DIRECT, 80, null, null],
    ['at a port of its own', DIRECT, 80, 9_000, 9_000],
    ['at the same port, written twice', DIRECT, 80, 80, null],
    ['where its port is published', PUBLISHED, 80, 9_000, 32_769],
    ['at the assigned port', ASSIGNED, null, null, null],
  ])('is checked %s', (_where, machine, port, healthCheckPort, expected) => {
    expect(targetEndpoint(machine, groupOf(port, healthCheckPort))?.checkPort).toBe(expected);
  });

  it('is none while only one of the two ports is reached', () => {
    expect(targetEndpoint(PUBLISHED, groupOf(80, 9_100))).toBeNull();
    expect(targetEndpoint(PUBLISHED, groupOf(81, 80))).toBeNull();
  });

  it('lets one machine serve two target groups at different ports', () => {
    const ports = [80, 9_000].map((port) => targetEndpoint(PUBLISHED, groupOf(port, null))?.endpoint.port);
    expect(ports).toEqual([32_768, 32_769]);
  });
});

it('a place is the address of a machine, or its ports where addresses are shared', () => {
  expect(placesOf(DIRECT)).toEqual(['10.0.0.1', '192.0.2.7']);
  expect(placesOf(PUBLISHED)).toEqual(['127.0.0.1:32768', '127.0.0.1:32769']);
});

it('no mapping yet is something else than no mapping at all', () => {
  expect(sameAddresses(DIRECT, { ...DIRECT, ports: [] })).toBe(false);
  expect(sameAddresses(DIRECT, { ...DIRECT })).toBe(true);
});
