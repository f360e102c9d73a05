import { expect, it } from 'vitest';
import { type HealthSources, healthOf } from './health.ts';

const sources = (given: Partial<HealthSources> = {}): HealthSources => ({
  isStarted: true,
  fleet: { loadBalancers: [{ name: 'web' }] },
  groups: [{ group: { name: 'hello' }, sinceCheckMs: 5_000 }],
  balancers: new Map([['web', { isKnown: true }]]),
  ...given,
});

it('nothing is wrong with a controller that checks its groups and has observed its load balancers', () => {
  expect(healthOf(sources())).toEqual({ stuck: [], waitsFor: [] });
});

it('waits for the store first, then for each load balancer once', () => {
  expect(healthOf(sources({ isStarted: false })).waitsFor).toEqual(['The store is being loaded.']);
  const unknown = ['Load balancer web has not been observed yet.'];
  expect(healthOf(sources({ balancers: new Map() })).waitsFor).toEqual(unknown);
  expect(healthOf(sources({ balancers: new Map([['web', { isKnown: false }]]) })).waitsFor).toEqual(unknown);
});

it('is stuck when a group has not been checked for a minute', () => {
  const groups = [
    { group: { name: 'hello' }, sinceCheckMs: 60_000 },
    { group: { name: 'worker' }, sinceCheckMs: 90_400 },
  ];
  expect(healthOf(sources({ groups })).stuck).toEqual(['Group worker was last checked 90 s ago.']);
});
