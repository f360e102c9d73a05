import { isDeepStrictEqual } from 'node:util';
import type { ProviderType } from '../../ports/provider.ts';
import { diagnose } from './diagnose.ts';
import { AzureProvider } from './provider.ts';
import { providerSettingsSchema, readInstanceSettings, settingsSchema } from './settings.ts';
import { starter } from './starter.ts';

/** Virtual machines at Microsoft Azure. */
export const azureProvider: ProviderType = {
  name: 'azure',
  capabilities: (settings) => ({
    // Four calls, of the 25 that Resource Manager gives a subscription in each second.
    listIntervalMs: 15_000,
    listGapMs: 2_000,
    listLagMs: 10_000,
    concurrentOperations: 8,
    terminateTimeoutMs: 1_200_000,
    ports: 'direct',
    zones: readInstanceSettings(settings).zones,
    instanceTypes: true,
  }),
  providerSettingsSchema,
  settingsSchema,
  // Who asks makes no difference to what is listed.
  keepsMachines: (before, after) => {
    const [was, is] = [before, after].map((settings) => {
      const { subscriptionId, resourceGroup, endpoint } = readInstanceSettings(settings);
      return { subscriptionId, resourceGroup, endpoint };
    });
    return isDeepStrictEqual(was, is);
  },
  starter,
  create: (context) => new AzureProvider(context),
  diagnose,
};
