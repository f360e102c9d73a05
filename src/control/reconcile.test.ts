import { describe, expect, it } from 'vitest';
import { sampleLoadBalancer } from '../../test/haproxy-samples.ts';
import { GROUP } from '../../test/support/snapshot.ts';
import { DEFAULT_HISTORY, type Fleet, type LoadBalancer, type ProviderInstance } from '../model/fleet.ts';
import { type Running, type Step, stepsLeft } from './reconcile.ts';

const listening = (name: string, port: number): LoadBalancer => ({
  ...sampleLoadBalancer,
  name,
  listeners: [{ address: '127.0.0.1', port, targetGroup: 'web', trustedProxies: [] }],
  statsPage: null,
});
const kept = (description: LoadBalancer | null) => ({
  isKept: true,
  description,
  listensOn: (description?.listeners ?? []).map(({ port }) => port),
});
/** Of an earlier controller, or one whose loop has ended. */
const left = (description: LoadBalancer | null) => ({ isKept: false, description, listensOn: [] });
const edge = listening('edge', 80);
const provider = GROUP.launchTemplate.provider;

const NORTH: ProviderInstance = { name: 'north', type: 'cloud', settings: { region: 'north' } };
/** Open, and used by its type's own name. */
const open = (name: string) => ({ isOpen: true, instance: { name, type: name, settings: {} } });

const FLEET: Fleet = {
  name: 'shop',
  providers: [],
  loadBalancers: [edge],
  targetGroups: [],
  autoScalingGroups: [{ ...GROUP, name: 'web' }],
  notifications: [],
  history: DEFAULT_HISTORY,
};
const AS_IT_SHOULD_BE: Running = {
  loadBalancers: new Map([['edge', kept(edge)]]),
  hasListed: true,
  groups: new Map([['web', true]]),
  providers: new Map([[provider, open(provider)]]),
  providersInUse: new Set([provider]),
};
const NOTHING: Running = {
  loadBalancers: new Map(),
  hasListed: false,
  groups: new Map(),
  providers: new Map(),
  providersInUse: new Set(),
};

describe('the steps that are left', () => {
  const steps = (fleet: Partial<Fleet>, running: Partial<Running>, endsLoadBalancers = false) =>
    stepsLeft({ ...FLEET, ...fleet }, { ...AS_IT_SHOULD_BE, ...running }, endsLoadBalancers).map(
      ({ kind, ...about }: Step) => [kind, ...Object.values(about)].join(' '),
    );

  it('are none where what runs is what should', () => {
    expect(steps({}, {})).toEqual([]);
  });

  it('start everything where nothing runs, groups before the load balancers that have their servers', () => {
    expect(steps({}, NOTHING)).toEqual([
      'listLoadBalancers',
      `openProvider ${provider}`,
      'startGroups web',
      'startLoadBalancer edge',
    ]);
  });

  it.each<[string, Partial<Fleet>, Partial<Running>, string[]]>([
    [
      'a load balancer that an earlier controller has left behind is terminated',
      {},
      { loadBalancers: new Map([...AS_IT_SHOULD_BE.loadBalancers, ['old', left(null)]]) },
      ['terminateLoadBalancer old'],
    ],
    [
      'one on another port does not wait for one that is terminated',
      { loadBalancers: [listening('inner', 81)] },
      {},
      ['terminateLoadBalancer edge', 'startLoadBalancer inner'],
    ],
    [
      'one whose port another takes over stays until that one listens there',
      { loadBalancers: [listening('inner', 80)] },
      {},
      ['startLoadBalancer inner'],
    ],
    [
      'and is terminated then',
      { loadBalancers: [listening('inner', 80)] },
      {
        loadBalancers: new Map([
          ['edge', kept(edge)],
          ['inner', kept(listening('inner', 80))],
        ]),
      },
      ['terminateLoadBalancer edge'],
    ],
    [
      'one whose loop was ended, and that is wanted again, is started',
      {},
      { loadBalancers: new Map([['edge', left(edge)]]) },
      ['startLoadBalancer edge'],
    ],
    [
      'a group that was told to stop, and is wanted again, ends first',
      {},
      { groups: new Map([['web', false]]) },
      ['endGroup web'],
    ],
    [
      'a provider is open for as long as a server came from it',
      {},
      { providers: new Map([[provider, open(provider)]]), providersInUse: new Set(['other']) },
      ['openProvider other'],
    ],
    [
      'a provider that nobody uses is closed',
      {},
      { providers: new Map([...AS_IT_SHOULD_BE.providers, ['other', open('other')]]) },
      ['closeProvider other'],
    ],
    [
      'one that could not be closed is tried again, and opened anew where it is needed',
      {},
      {
        providers: new Map([
          [provider, { ...open(provider), isOpen: false }],
          ['other', { ...open('other'), isOpen: false }],
        ]),
      },
      [`openProvider ${provider}`, 'closeProvider other'],
    ],
    [
      'one with other settings is opened anew',
      { providers: [{ name: provider, type: provider, settings: { region: 'south' } }] },
      {},
      [`openProvider ${provider}`],
    ],
    [
      'one that the fleet does not have any more stays as it was opened while servers from it are left',
      {},
      {
        providers: new Map([...AS_IT_SHOULD_BE.providers, ['north', { ...open('north'), instance: NORTH }]]),
        providersInUse: new Set([provider, 'north']),
      },
      [],
    ],
  ])('%s', (_, fleet, running, expected) => {
    expect(steps(fleet, running)).toEqual(expected);
  });

  it('on the way down terminate all load balancers at last, those of earlier controllers too', () => {
    expect(steps({}, {}, true)).toEqual(['terminateLoadBalancer edge']);
    expect(steps({}, { hasListed: false }, true)).toEqual(['listLoadBalancers', 'terminateLoadBalancer edge']);
  });
});
