import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MachineWatch } from '../../../src/control/machine-watch.ts';
import { Operations } from '../../../src/control/operations.ts';
import { Throttle } from '../../../src/control/throttle.ts';
import type { Outcome } from '../../../src/decide/snapshot.ts';
import { NO_PLACEMENT } from '../../../src/model/instance.ts';
import type { Provider } from '../../../src/ports/provider.ts';
import { NO_TELEMETRY } from '../../../src/ports/telemetry.ts';
import { hetznerProvider } from '../../../src/providers/hetzner/index.ts';
import { systemIds } from '../../../src/system/ids.ts';
import { anInstance } from '../../conformance/store-examples.ts';
import { VirtualClock } from '../../simulation/world/virtual-clock.ts';
import { HetznerWorld, templateSettings } from '../../support/hetzner/world.ts';
import { launchRequest } from '../../support/launch-request.ts';

const SERVERS = 50;
const HOUR_MS = 3_600_000;
/** 5 % of what a project has in an hour. */
const MAX_CALLS_PER_HOUR = 180;
const { signal } = new AbortController();

describe('the calls of a group of 50 in an hour', () => {
  let world: HetznerWorld;
  let clock: VirtualClock;
  let provider: Provider;
  let underWay = 0;

  beforeEach(async () => {
    clock = new VirtualClock(Date.now());
    world = await HetznerWorld.make({ clock });
    world.fake.project.conditions.actionMs = 0;
    provider = counted(await world.open('shop'));
    for (let index = 0; index < SERVERS; index += 1) {
      await provider.launch(launchRequest(`i-${index}`, { settings: templateSettings({}) }), signal);
    }
    await expect.poll(() => world.fake.project.servers.every(({ status }) => status === 'running')).toBe(true);
    world.fake.calls.length = 0;
  });

  afterEach(() => world.dispose());

  /** Knows when a call is under way: no virtual time goes by then. */
  function counted(one: Provider): Provider {
    const during = async <T>(call: Promise<T>) => {
      underWay += 1;
      return call.finally(() => {
        underWay -= 1;
      });
    };
    return {
      launch: (request, abort) => during(one.launch(request, abort)),
      list: (abort) => during(one.list(abort)),
      terminate: (machineId, abort) => during(one.terminate(machineId, abort)),
      watch: (onChange) => one.watch(onChange),
      close: () => one.close(),
    };
  }

  /** An hour of the controller's own watch, and of what it is given to do at its begin. */
  async function callsInAnHour(begin: (operations: Operations) => void): Promise<readonly string[]> {
    const capabilities = hetznerProvider.capabilities(world.context('shop').settings);
    const throttle = new Throttle(clock, systemIds, { onDefect: () => {}, onWait: () => {} });
    const operations = new Operations(provider, capabilities, clock, throttle, NO_TELEMETRY);
    const listed = () => operations.listed((id) => watch.lists(id));
    const watch: MachineWatch = new MachineWatch(
      'hetzner',
      provider,
      capabilities,
      clock,
      throttle,
      listed,
      () => false,
    );
    const stop = new AbortController();
    const done = watch.run(stop.signal);
    begin(operations);
    const endsAtMs = clock.steadyMs() + HOUR_MS;
    while (clock.steadyMs() < endsAtMs) {
      await setImmediate();
      if (underWay === 0) await clock.advance();
    }
    stop.abort();
    await Promise.all([done, operations.stop()]);
    return world.fake.calls.map(({ method, route }) => `${method} ${route}`);
  }

  it('are one a minute at rest', async () => {
    const calls = await callsInAnHour(() => undefined);
    expect(new Set(calls)).toEqual(new Set(['GET /servers']));
    expect(calls.length).toBeLessThanOrEqual(62);
    expect(calls.length).toBeGreaterThanOrEqual(60);
  });

  it('are four more while one of them is replaced', async () => {
    const outcomes: Outcome[] = [];
    const [victim] = world.fake.project.servers;
    const calls = await callsInAnHour((operations) => {
      const report = (outcome: Outcome) => void outcomes.push(outcome);
      const machine = { id: String(victim!.id), addresses: [], ports: null, seenAt: 0 };
      const places = { zones: [], instanceTypes: [] };
      const launchTemplate = {
        provider: 'hetzner',
        weight: 100,
        version: 'v1',
        settings: templateSettings({}),
        ...places,
      };
      operations.terminate(anInstance('i-0', { machine }), report);
      operations.launch(
        anInstance('i-50', { machine: null, launchTemplate, placement: NO_PLACEMENT }),
        true,
        300_000,
        report,
      );
    });
    expect(outcomes.map(({ kind }) => kind).toSorted()).toEqual(['ended', 'launched']);
    expect(calls.filter((call) => call !== 'GET /servers').toSorted()).toEqual([
      'DELETE /servers/{id}',
      'GET /servers/{id}',
      'GET /servers/{id}',
      'POST /servers',
    ]);
    expect(calls.length).toBeLessThanOrEqual(66);
    expect(calls.length).toBeLessThan(MAX_CALLS_PER_HOUR);
  });
});
