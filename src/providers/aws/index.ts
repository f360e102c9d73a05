import type { JsonObject } from '../../model/json.ts';
import type { ProviderType } from '../../ports/provider.ts';
import { diagnose } from './diagnose.ts';
import { AwsProvider, LIST_LAG_MS } from './provider.ts';
import { providerSettingsSchema, readProviderSettings, zonesOf } from './provider-settings.ts';
import { settingsSchema } from './settings.ts';
import { starter } from './starter.ts';

/** Servers as EC2 instances. */
export const awsProvider: ProviderType = {
  name: 'aws',
  capabilities: (settings) => ({
    listIntervalMs: 10_000,
    listGapMs: 1_000,
    listLagMs: LIST_LAG_MS,
    // RunInstances has a bucket of five calls, and two more a second.
    concurrentOperations: 5,
    // An operating system that does not shut down is cut off by EC2 after some minutes.
    terminateTimeoutMs: 900_000,
    ports: 'direct',
    zones: zonesOf(settings),
    instanceTypes: true,
  }),
  settingsSchema,
  providerSettingsSchema,
  keepsMachines,
  diagnose,
  starter,
  create: (context) => new AwsProvider(context),
};

/** Whoever sees the same account and region sees the same machines, whatever the zones are. */
function keepsMachines(before: JsonObject, after: JsonObject): boolean {
  const accountOf = (settings: JsonObject) => {
    const { subnets: _, ...account } = readProviderSettings(settings);
    return JSON.stringify(account);
  };
  return accountOf(before) === accountOf(after);
}
