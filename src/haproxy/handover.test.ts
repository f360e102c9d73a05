import { expect, it } from 'vitest';
import { sampleGroup, sampleMember, sampleReport, sampleState } from '../../test/haproxy-samples.ts';
import type { DesiredState, OtherLoadBalancers } from '../ports/load-balancer.ts';
import { membersIn, untilTakenOver, withMembers } from './handover.ts';
import { skeletonOf } from './last-good.ts';

const NEXT = { ...sampleGroup, name: 'next' };
/** What was in force: port 5000 for target group hello, with a member. */
const before = sampleState([sampleMember('a')]);
const inForce = skeletonOf(before);
/** Port 5001 for target group next, without members. */
const desired: DesiredState = {
  loadBalancer: {
    ...before.loadBalancer,
    listeners: [{ address: '127.0.0.1', port: 5001, targetGroup: 'next', trustedProxies: [] }],
  },
  targetGroups: [NEXT],
  members: [],
};
const others = (change: Partial<OtherLoadBalancers>): OtherLoadBalancers => ({
  awaitedPorts: [],
  yielding: [],
  members: new Map(),
  ...change,
});
const servesA = (state: 'ready' | 'draining', isServed: boolean) => new Map([['a', { state, isServed }]]);
const shown = ({ loadBalancer, targetGroups, members }: DesiredState) => ({
  ports: loadBalancer.listeners.map(({ port }) => port),
  targetGroups: targetGroups.map(({ name }) => name),
  members: members.map(({ targetGroup, instanceId, state }) => `${targetGroup}/${instanceId} ${state}`),
});

it('a listener whose port another is to take over stays with its servers until that one has it', () => {
  const awaited = { ...desired, others: others({ awaitedPorts: [5000], members: servesA('draining', true) }) };
  expect(shown(untilTakenOver(awaited, inForce, () => before.members))).toEqual({
    ports: [5001, 5000],
    targetGroups: ['next', 'hello'],
    members: ['hello/a draining'],
  });
  expect(untilTakenOver({ ...awaited, others: others({}) }, inForce, () => before.members)).not.toHaveProperty(
    'targetGroups.1',
  );
});

it('a listener that is wanted on the port stays what it should be', () => {
  const same = { ...before, members: [], others: others({ awaitedPorts: [5000] }) };
  expect(shown(untilTakenOver(same, inForce, () => before.members))).toEqual(shown({ ...before, members: [] }));
});

it.each([
  ['stays until the load balancer that it goes over to has its target group', false, ['hello/a ready']],
  ['leaves then', true, []],
])('a server %s', (_, isServed, members) => {
  const moved = { ...before, members: [], others: others({ members: servesA('ready', isServed) }) };
  expect(shown(untilTakenOver(moved, inForce, () => before.members)).members).toEqual(members);
});

it('a configuration that stays in force keeps the servers that are members anywhere in the fleet', () => {
  const moved = { ...desired, others: others({ members: servesA('draining', true) }) };
  expect(shown(withMembers(inForce, moved, before.members))).toMatchObject({ members: ['hello/a draining'] });
  expect(shown(withMembers(inForce, desired, before.members))).toMatchObject({ members: [] });
});

it("a running HAProxy's members are its servers, but for those that are being removed", () => {
  const report = sampleReport(
    { name: 'a', checkPort: 81 },
    { name: '_failopen:a' },
    { name: 'b', admin: 'drain' },
    { name: 'c', admin: 'maintenance' },
  );
  expect(membersIn(report)).toEqual([
    sampleMember('a', { checkPort: 81, proven: true }),
    sampleMember('b', { state: 'draining' }),
  ]);
});
