import { ExampleProvider } from './provider.js';
import { providerSettingsSchema, settingsSchema } from './settings.js';

/** @type {import('drover/provider').PackagedProvider} */
export default {
  contract: 1,
  settingsSchema,
  providerSettingsSchema,
  capabilities: ({ zones }) => ({
    listIntervalMs: 5_000,
    listGapMs: 1_000,
    listLagMs: 0,
    concurrentOperations: 8,
    terminateTimeoutMs: 300_000,
    ports: 'direct',
    zones,
    instanceTypes: false,
  }),
  create: (context) => new ExampleProvider(context),
  async diagnose(context, signal) {
    const provider = new ExampleProvider(context);
    const { machines } = await provider.list(signal);
    return [{ level: 'ok', message: `It is reached, and has ${machines.length} machines of the fleet.`, remedy: null }];
  },
};
