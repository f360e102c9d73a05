import { describe, expect, it } from 'vitest';
import { healthy, unhealthySince } from '../../test/support/decisions.ts';
import { machineOf, NOW, type Server, snapshotOf } from '../../test/support/snapshot.ts';
import { decide } from './decide.ts';

const MANY = 300;
const group = { desiredCapacity: 2 * MANY, maxSize: 2 * MANY };
const ids = Array.from({ length: MANY }, (_, index) => `i-${index}`);
const well = healthy(...ids.map((id) => `${id}-well`));
const holdsOf = (servers: readonly Server[], ...rest: [Parameters<typeof snapshotOf>[1]?]) =>
  decide(snapshotOf([...well, ...servers], { group, ...rest[0] }), NOW).holds;

describe('what is true of many servers', () => {
  it('is one line with their number and the earliest time', () => {
    const servers = ids.map(
      (id, index): Server => ({
        id,
        ...unhealthySince(5_000),
        createdAgoMs: 20_000 - index,
      }),
    );
    expect(holdsOf(servers)).toEqual([
      {
        code: 'gracePeriod',
        message: '300 servers are unhealthy, but in their grace periods; the first of them ends then.',
        until: NOW + 10_000,
      },
    ]);
  });

  it('names the server where it is one alone', () => {
    const [first = ''] = ids;
    expect(holdsOf([{ id: first, ...unhealthySince(5_000), createdAgoMs: 20_000 }])).toEqual([
      { code: 'gracePeriod', message: 'i-0 is unhealthy, but in its grace period.', until: NOW + 10_000 },
    ]);
  });

  it.each<readonly [string, Partial<Server>, NonNullable<Parameters<typeof snapshotOf>[1]>, string]>([
    [
      'that wait for a second opinion',
      { ...unhealthySince(90_000), probe: null },
      {},
      '300 servers are not healthy for their load balancers: Drover asks them too before they are terminated.',
    ],
    [
      'whose load balancer and Drover disagree',
      { ...unhealthySince(90_000), probe: 'healthy' },
      {},
      '300 servers are not healthy for their load balancers, but healthy for Drover, which sends them the same requests: they are not terminated.',
    ],
    [
      'to be drained on request',
      { request: { kind: 'drain', at: NOW } },
      { group: { ...group, maxSize: 3 * MANY } },
      '300 servers are drained, one after the other, as soon as their replacements are in service.',
    ],
    [
      'whose failed checks are not noted',
      { target: 'unhealthy' },
      { memory: { suspendedProcesses: ['healthCheck'] } },
      '300 servers are unhealthy, which is not noted: healthCheck is suspended. Resume with `drover resume web healthCheck`.',
    ],
    [
      'that are kept without their machines',
      { machine: 'stopped' },
      { memory: { suspendedProcesses: ['terminate'] } },
      '300 servers stay, although their machines do not run: terminate is suspended. Resume with `drover resume web terminate`.',
    ],
  ])('is one line for servers %s', (_, server, circumstances, message) => {
    const servers = ids.map((id): Server => ({ id, ...server }));
    const messages = holdsOf(servers, circumstances).map((hold) => hold.message);
    expect(messages).toContain(message);
    expect(messages.filter((one) => one.includes('i-'))).toEqual([]);
  });

  it('has the earliest time of launches that are tried again', () => {
    const launch = (id: string, inMs: number): Server => ({
      id,
      unlaunched: true,
      state: { name: 'launching', since: NOW - 1_000, retryAt: NOW + inMs },
    });
    const { holds } = decide(snapshotOf([launch('a', 9_000), launch('b', 4_000), launch('c', 6_000)]), NOW);
    expect(holds).toMatchObject([{ code: 'launchBackoff', until: NOW + 4_000 }]);
  });

  it('is one line for machines without a record', () => {
    const snapshot = snapshotOf(healthy('a'), { group: { desiredCapacity: 1 } });
    const orphans = ['x', 'y'].map((instanceId) => [instanceId, machineOf({ id: instanceId })] as const);
    const { machines } = snapshot;
    if (machines.kind !== 'seen') throw new Error('the provider cannot be seen');
    const listed = new Map([...machines.value.machines, ...orphans]);
    const seen = {
      ...machines.value,
      machines: listed,
      previous: { ...machines.value, at: NOW - 2_000, machines: listed },
    };
    const { holds } = decide({ ...snapshot, machines: { kind: 'seen', value: seen } }, NOW);
    expect(holds).toMatchObject([{ code: 'orphan', message: expect.stringMatching(/^2 machines carry/) }]);
  });
});
