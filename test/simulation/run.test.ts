import { describe, expect, it } from 'vitest';
import type { ControllerOptions } from '../../src/control/controller-options.ts';
import { launchRequest } from '../support/launch-request.ts';
import { runSeed, scenarioOf } from './run/run.ts';
import { switchesOf, withOnly } from './scenario/switches.ts';
import type { ControllerFactory } from './world/session.ts';

/** A controller that does nothing but what a test wants. */
function idleController(act: (options: ControllerOptions) => Promise<void>): ControllerFactory {
  return (options) => ({
    start: () => act(options),
    stop: async () => {},
    finished: new Promise(() => {}),
    configuration: { reload: async () => ({ version: 1, changes: [], pending: [] }) },
    down: async () => {},
    setDesiredCapacity: async () => ({ before: 0, after: 0 }),
    drainInstance: async () => ({ waitsFor: null }),
    terminateInstance: async () => {},
    resumeLaunch: async () => {},
    suspendProcesses: async () => [],
    resumeProcesses: async () => [],
  });
}

const INSTANCE = { name: 'simulated', type: 'simulated', settings: {} };

describe('a run', () => {
  it.each([1, 2, 3, 4, 5])('of seed %i is the same every time', async (seed) => {
    const first = await runSeed(seed);
    const second = await runSeed(seed);
    expect(second.digest).toBe(first.digest);
    expect(second.steps).toBe(first.steps);
  });

  it('of another seed is another story', async () => {
    const one = await runSeed(1);
    const other = await runSeed(2);
    expect(other.digest).not.toBe(one.digest);
  });

  it('comes to every kind of crash point within a few seeds', async () => {
    const passed = new Set<string>();
    for (let seed = 1; seed <= 60; seed += 1) {
      const { points } = await runSeed(seed);
      for (const point of points.keys()) passed.add(point);
    }
    const calls = ['provider.launch', 'provider.list', 'provider.terminate', 'loadBalancer.apply', 'store.load'];
    const others = ['loadBalancer.observe', 'store.commit (inService)', 'metricSource.read', 'clock.sleep'];
    for (const call of [...calls, ...others]) {
      expect(passed).toContain(`${call}:before starting`);
      expect(passed).toContain(`${call}:after starting`);
    }
  });

  it('is the same without what does not happen, and another without what does', async () => {
    const scenario = () => scenarioOf(3);
    const all = new Set(switchesOf(scenario()));
    const whole = await runSeed(3, { scenario: withOnly(scenario(), all) });
    const calm = await runSeed(3, { scenario: withOnly(scenario(), new Set()) });
    expect(whole.digest).toBe((await runSeed(3)).digest);
    expect(calm.digest).not.toBe(whole.digest);
    expect(switchesOf(withOnly(scenario(), new Set()))).toEqual([]);
  });
});

describe('the invariants', () => {
  const signal = new AbortController().signal;

  async function violated(act: (options: ControllerOptions) => Promise<void>): Promise<string[]> {
    const { violations } = await runSeed(7, { controller: idleController(act) });
    return violations.map(({ invariant }) => invariant);
  }

  it('find a controller that does nothing', async () => {
    expect(await violated(async ({ clock }) => clock.sleep(2 ** 31))).toEqual(['liveness']);
  });

  it('find a launch that was not committed', async () => {
    const found = await violated(async ({ provider }) => {
      await provider(INSTANCE, 'simulated').provider.launch(launchRequest('i-1', { serves: true }), signal);
    });
    expect(found).toContain('committedBeforeActing');
  });

  it("find a hand on a neighbour's machine", async () => {
    const found = await violated(async ({ provider }) => {
      await provider(INSTANCE, 'simulated').provider.terminate('m-1', signal);
    });
    expect(found).toContain('foreignMachine');
  });

  it('find a loop that does not wait', async () => {
    const found = await violated(async ({ clock }) => {
      for (;;) await Promise.all(Array.from({ length: 10 }, () => clock.sleep(1)));
    });
    expect(found).toEqual(['pace']);
  });

  it('find an error that nobody caught', async () => {
    const found = await violated(async () => {
      throw new Error('out of the blue');
    });
    expect(found).toEqual(['noError']);
  });
});
