import { describe, expect, it } from 'vitest';
import { Addresses, networkOf, overlap } from './addresses.ts';

describe('networkOf', () => {
  it('knows which addresses servers may have', () => {
    const network = networkOf('192.168.56.77/24');
    expect(network).toMatchObject({ network: '192.168.56.0/24', netmask: '255.255.255.0', first: '192.168.56.10' });
    expect(network.last).toBe('192.168.56.254');
    expect(['192.168.56.0', '192.168.56.1', '192.168.56.255', '192.168.57.2'].map(network.has)).toEqual([
      false,
      false,
      false,
      false,
    ]);
    expect(networkOf('10.0.0.0/29')).toMatchObject({ first: '10.0.0.2', last: '10.0.0.6', netmask: '255.255.255.248' });
    expect(networkOf('172.16.0.0/12')).toMatchObject({ netmask: '255.240.0.0', last: '172.31.255.254' });
  });

  it('tells networks that share addresses', () => {
    expect(overlap('10.0.0.0/8', '10.1.2.0/24')).toBe(true);
    expect(overlap('10.1.2.0/24', '10.0.0.0/8')).toBe(true);
    expect(overlap('192.168.56.0/24', '192.168.57.0/24')).toBe(false);
  });
});

describe('Addresses', () => {
  const range = { from: '10.0.0.10', to: '10.0.0.12' };

  it('gives one after the other, and none that somebody has', () => {
    const addresses = new Addresses();
    expect(addresses.next(range, new Set(['10.0.0.10']), 0)).toBe('10.0.0.11');
    expect(addresses.next(range, new Set(['10.0.0.10', '10.0.0.11']), 0)).toBe('10.0.0.12');
    expect(addresses.next(range, new Set(['10.0.0.11', '10.0.0.12']), 0)).toBe('10.0.0.10');
    expect(addresses.next(range, new Set(['10.0.0.10', '10.0.0.11', '10.0.0.12']), 0)).toBeNull();
  });

  it('gives none that was given up just now', () => {
    const addresses = new Addresses();
    addresses.rest('10.0.0.10', 0);
    const taken = new Set(['10.0.0.11', '10.0.0.12']);
    expect(addresses.next(range, taken, 59_999)).toBeNull();
    expect(addresses.next(range, taken, 60_000)).toBe('10.0.0.10');
  });
});
