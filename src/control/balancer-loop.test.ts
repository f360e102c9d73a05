/** What a load balancer reports of itself, of which the simulated one knows nothing: deaths, hangs, cuts, limits. */

import { expect, it, onTestFinished } from 'vitest';
import { sampleLoadBalancer } from '../../test/haproxy-samples.ts';
import { VirtualClock } from '../../test/simulation/world/virtual-clock.ts';
import type { LoadBalancerObservation } from '../model/observation.ts';
import { WHOLE_TRAFFIC } from '../model/observation.ts';
import { PortError } from '../ports/errors.ts';
import type { Announce } from '../ports/load-balancer.ts';
import { BalancerLoop } from './balancer-loop.ts';

const SECOND = 1_000;

/** A loop over a load balancer that does what a test says, and what it has told since it was asked last. */
async function started() {
  const clock = new VirtualClock();
  const stop = new AbortController();
  onTestFinished(() => stop.abort());
  const told: string[] = [];
  const driver = {
    isDescribed: true,
    applies: 0,
    apply: async (_announce: Announce): Promise<void> => {},
    seen: { at: 0, version: '2.6.12', ...WHOLE_TRAFFIC, targetGroups: [] } as LoadBalancerObservation,
    failure: null as PortError | null,
  };
  const loop = new BalancerLoop({
    name: 'web',
    driver: {
      apply: async (_, announce) => {
        driver.applies += 1;
        await driver.apply(announce);
      },
      observe: async () => {
        if (driver.failure !== null) throw driver.failure;
        return driver.seen;
      },
      watch: () => () => {},
      stop: async () => {},
      close: async () => {},
    },
    clock,
    ids: { seed: () => 'seed' },
    desired: () => (driver.isDescribed ? { loadBalancer: sampleLoadBalancer, targetGroups: [], members: [] } : null),
    isReady: () => true,
    isBusy: () => false,
    onSeen: () => {},
    onAccepted: () => {},
    onDefect: (error) => expect.fail(String(error)),
    report: async ({ level, reason, message }) => void told.push(`${level} ${reason}: ${message}`),
  });
  void loop.run(stop.signal);
  const pass = async (ms: number): Promise<void> => {
    const untilMs = clock.elapsedMs + ms;
    clock.plan(ms, () => {});
    while (clock.elapsedMs < untilMs) await clock.advance();
  };
  await pass(5 * SECOND);
  return { driver, loop, pass, told: () => told.splice(0) };
}

it('one that left the fleet before anybody knew what it should be like is left as it is, and observed', async () => {
  const { driver, loop, pass, told } = await started();
  driver.isDescribed = false;
  const before = driver.applies;
  loop.renewed();
  await pass(60 * SECOND);
  await loop.attempted;
  expect(driver.applies).toBe(before);
  expect(loop.view().kind).toBe('seen');
  expect(told()).toEqual([]);
});

it('reports that HAProxy has died, that it is started again, and how long it was away', async () => {
  const { driver, pass, told } = await started();
  driver.failure = new PortError('Transient', 'notRunning', 'HAProxy is not running');
  driver.apply = async (announce) => {
    await announce({ kind: 'died', how: 'signal SIGSEGV' });
    await announce({ kind: 'start', version: '2.6.12', members: 3 });
    driver.failure = null;
    driver.apply = async () => {};
  };
  await pass(5 * SECOND);
  expect(told()).toEqual([
    'error loadBalancerDied: HAProxy of load balancer web has died: signal SIGSEGV.',
    'info loadBalancerStarted: Starting HAProxy 2.6.12 for load balancer web, with its 3 members as they were.',
    expect.stringMatching(/^info loadBalancerRecovered: Load balancer web serves again; it was away for \d\.\d s\.$/),
  ]);
});

it('one that hangs while a part of it serves was not away', async () => {
  const { driver, loop, pass, told } = await started();
  driver.apply = async (announce) => {
    await announce({ kind: 'hung', seen: 'its master does not answer', serves: true });
    await announce({ kind: 'start', version: '2.6.12', members: 0 });
    driver.apply = async () => {};
  };
  loop.changed();
  await pass(5 * SECOND);
  expect(told()).toEqual([
    'error loadBalancerHung: HAProxy of load balancer web is hung: its master does not answer.',
    'info loadBalancerStarted: Starting HAProxy 2.6.12 for load balancer web.',
  ]);
});

it('what is refused is tried again ever more seldom, told once, and said to be over', async () => {
  const { driver, loop, pass, told } = await started();
  driver.apply = async (announce) => {
    await announce({ kind: 'reload', why: 'the configuration has changed', cuts: 2 });
    throw new PortError('Invalid', 'haproxyConfiguration', 'port 80 is taken');
  };
  loop.changed();
  const before = driver.applies;
  await pass(120 * SECOND);
  expect(driver.applies - before).toBeGreaterThan(10);
  expect(driver.applies - before).toBeLessThan(40);
  expect(told()).toEqual([
    'warning loadBalancerReloaded: Reloading HAProxy of load balancer web: the configuration has changed. This cuts 2 open requests of a process that has outlived as many reloads as it may.',
    'error loadBalancerRefused: Load balancer web could not be changed: port 80 is taken',
  ]);
  expect(loop.trouble).toBe('port 80 is taken');
  driver.apply = async () => {};
  await pass(15 * SECOND);
  expect(told()).toEqual(['info loadBalancerRecovered: Load balancer web is as it should be again.']);
  expect(loop.trouble).toBe('');
});

it('what changes while a change is refused does not wait for the next try, and does not put it off', async () => {
  const { driver, loop, pass } = await started();
  driver.apply = async () => {
    throw new PortError('Invalid', 'haproxyConfiguration', 'port 80 is taken');
  };
  loop.changed();
  await pass(120 * SECOND);
  const before = driver.applies;
  for (let changes = 0; changes < 5; changes += 1) {
    loop.changed();
    await pass(100);
  }
  expect(driver.applies - before).toBeGreaterThanOrEqual(5);
  driver.apply = async () => {};
  await pass(10 * SECOND);
  expect(loop.trouble).toBe('');
});

it('what cannot be reached waits for the next try, whatever changes', async () => {
  const { driver, loop, pass } = await started();
  driver.apply = async () => {
    throw new PortError('Transient', 'notRunning', 'it does not answer');
  };
  loop.changed();
  await pass(120 * SECOND);
  const before = driver.applies;
  for (let changes = 0; changes < 5; changes += 1) {
    loop.changed();
    await pass(100);
  }
  expect(driver.applies - before).toBeLessThanOrEqual(1);
});

it('a port that another load balancer of the fleet is about to give up is awaited in silence, for a while', async () => {
  const { driver, loop, pass, told } = await started();
  driver.apply = async (announce) => {
    await announce({ kind: 'accepted' });
    throw new PortError('Invalid', 'listenerAwaited', 'load balancer other listens there');
  };
  loop.renewed();
  expect(loop.accepts).toBe(false);
  let isAttempted = false;
  void loop.attempted.then(() => {
    isAttempted = true;
  });
  await pass(2 * SECOND);
  expect([loop.accepts, isAttempted, loop.trouble, told()]).toEqual([true, false, '', []]);
  await pass(20 * SECOND);
  expect([isAttempted, loop.refusal]).toEqual([true, 'load balancer other listens there']);
  expect(told()).toEqual([expect.stringContaining('loadBalancerRefused')]);
});

it('what is refused is tried at once when there is another version of the fleet', async () => {
  const { driver, loop, pass } = await started();
  driver.apply = async () => {
    throw new PortError('Invalid', 'haproxyConfiguration', 'port 80 is taken');
  };
  loop.changed();
  await pass(120 * SECOND);
  driver.apply = async () => {};
  loop.renewed();
  await pass(SECOND);
  expect(loop.trouble).toBe('');
});

it('reports open requests that were cut with a worker of an earlier configuration, each once', async () => {
  const { driver, pass, told } = await started();
  const cut = (cutRequests: number) => {
    driver.seen = { ...driver.seen, oldWorkers: { ...driver.seen.oldWorkers, cutRequests } };
  };
  cut(3);
  await pass(3 * SECOND);
  cut(4);
  await pass(3 * SECOND);
  expect(told()).toEqual([
    'warning openRequestsCut: Load balancer web cut 3 requests that had been open since a reload more than 24h ago (hardStopAfter).',
    'warning openRequestsCut: Load balancer web cut 1 request that had been open since a reload more than 24h ago (hardStopAfter).',
  ]);
});

it('reports a limit that is reached, and shows it in the status for as long as it is', async () => {
  const { driver, loop, pass, told } = await started();
  const { maxConnections } = sampleLoadBalancer;
  const cutTotal = { idleTimeout: 0, queueTimeout: 0, requestHead: 0, answerHead: 0 };
  driver.seen = { ...driver.seen, limits: { connections: maxConnections, maxConnections, cutTotal } };
  await pass(3 * SECOND);
  expect(told()).toEqual([expect.stringContaining('the most that a listener')]);
  expect(loop.trouble).toContain('further ones wait');
  driver.seen = { ...driver.seen, limits: { connections: 1, maxConnections, cutTotal } };
  await pass(3 * SECOND);
  expect(loop.trouble).toBe('');
});
