/**
 * To be imported before Drover's own entry (`node --import`): adds the simulated provider to those that it knows, and measures the
 * process from within when the benchmark that started it asks for that.
 */

import { providerTypes } from '../../src/providers/registry.ts';
import { Meter, type MeterRequest } from '../support/meter.ts';
import { simulatedProvider, stopMachines } from '../support/simulated-provider.ts';

if (!(providerTypes instanceof Map)) throw new Error('the registry of providers cannot be added to');
providerTypes.set(simulatedProvider.name, simulatedProvider);

if (process.send !== undefined) {
  const meter = new Meter();
  process.on('message', (request: MeterRequest) => {
    switch (request.kind) {
      case 'begin':
        meter.begin(request.watchesBlocks);
        break;
      case 'read':
        process.send?.(meter.read());
        break;
      case 'stopMachines':
        stopMachines(request.share);
        break;
    }
  });
  // Drover ends as it would without a benchmark around it.
  process.channel?.unref();
}
