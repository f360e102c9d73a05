import { calmConditions } from '../simulation/world/conditions.ts';
import { Machines } from '../simulation/world/machines.ts';
import { createRandom } from '../simulation/world/random.ts';
import { SimProvider } from '../simulation/world/sim-provider.ts';
import { Trace } from '../simulation/world/trace.ts';
import { settle, VirtualClock } from '../simulation/world/virtual-clock.ts';
import { SimZones } from '../simulation/world/zones.ts';
import { describeProviderConformance, type ProviderWorld } from './provider.ts';

const WITNESS = { launching: () => {}, terminating: () => {}, listed: () => {}, calledTooSoon: () => {} };

async function make(): Promise<ProviderWorld> {
  const clock = new VirtualClock();
  const random = createRandom(1);
  const trace = new Trace(clock, { keptLines: 10 });
  const conditions = calmConditions({ minMs: 1, maxMs: 100 });
  const machines = new Machines(clock, random.fork('machines'), trace, conditions.machines);
  const zones = new SimZones(['a', 'b'], clock);
  let disposed = false;
  const timePasses = (async () => {
    while (!disposed) if (!(await clock.advance())) await settle();
  })();
  return {
    clock,
    settings: {},
    listening: {},
    open: async (fleet) => {
      const own = {
        name: 'simulated',
        fleet,
        clock,
        random: random.fork(fleet),
        trace,
        machines,
        zones,
      };
      return new SimProvider({ ...own, conditions: conditions.provider, witness: WITNESS });
    },
    zones: {
      names: zones.names,
      cutOff: async (zone) => zones.setCut(zone, true),
      join: async (zone) => zones.setCut(zone, false),
    },
    fill: async (zone) => {
      if (zone !== null) zones.setFull(zone, null, true);
    },
    crash: async ({ id }) => {
      const machine = machines.get(id);
      if (machine !== undefined) machines.stop(machine, 'by itself');
    },
    dispose: async () => {
      disposed = true;
      await timePasses;
    },
  };
}

describeProviderConformance('simulated', make);
