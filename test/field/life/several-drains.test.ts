import { expect, it } from 'vitest';
import { waitBeforeDrain } from '../../../src/control/wait-before-drain.ts';
import { decide } from '../../../src/decide/decide.ts';
import { healthy, reasons } from '../../support/decisions.ts';
import { NOW, type Server, snapshotOf } from '../../support/snapshot.ts';

const group = { desiredCapacity: 4, maxSize: 5 };
const memory = { desired: 4, fleetDesired: 4 };
const asked = (...ids: string[]): Server[] =>
  healthy(...ids).map((server) => ({ ...server, request: { kind: 'drain', at: NOW } }));
const decided = (servers: Server[], maxSize = 5) =>
  decide(snapshotOf(servers, { group: { ...group, maxSize }, memory }), NOW);

it('a launch counts those that serve until they are replaced', () => {
  const [first] = decided([...healthy('a'), ...asked('b', 'c', 'd')]).activities;
  expect(first?.message).toContain('web should have 4 and has 1, and 3 to be drained once replaced.');
  const [whole] = decided(healthy('a', 'b', 'c')).activities;
  expect(whole?.message).toMatch(/web should have 4 and has 3\.$/);
});

it('at the maximum, a drain whose replacement has come does not say that there was no room for it', () => {
  const decision = decided([...asked('a', 'b', 'c', 'd'), ...healthy('e')]);
  expect(reasons(decision)).toContain('operatorDrain');
  const drain = decision.activities.find(({ reason }) => reason === 'operatorDrain');
  expect(drain).toMatchObject({ message: 'Draining a, on request.', cappedBy: null });
});

it('one that goes without a replacement says so', () => {
  const drain = decided(asked('a', 'b', 'c', 'd'), 4).activities.find(({ reason }) => reason === 'operatorDrain');
  expect(drain).toMatchObject({ cappedBy: 'maxSize' });
  expect(drain?.message).toContain('The maximum of 4 leaves no room to replace it first.');
});

it('a person is told what a drain waits for, as the next check decides', () => {
  const wait = (servers: Server[], id: string, maxSize = 5) =>
    waitBeforeDrain(id, snapshotOf(servers).instances, decided(servers, maxSize));
  const servers = [...healthy('a', 'b', 'c'), ...asked('d')];
  expect(wait(servers, 'd')).toBe('d is drained as soon as its replacement is in service.');
  expect(wait([...servers, ...healthy('e')], 'd')).toBeNull();
  expect(wait(servers, 'd', 4)).toBeNull();
});
