import { isDeepStrictEqual } from 'node:util';
import type { ProviderType } from '../../ports/provider.ts';
import { diagnose } from './diagnose.ts';
import { HetznerProvider } from './provider.ts';
import { providerSettingsSchema, readInstanceSettings, settingsSchema, settingsWarnings } from './settings.ts';
import { starter } from './starter.ts';

/** Servers at Hetzner Cloud. */
export const hetznerProvider: ProviderType = {
  name: 'hetzner',
  capabilities: (settings) => ({
    // One call for each 50 servers: 60 of the 3,600 that a project has in an hour.
    listIntervalMs: 60_000,
    listGapMs: 2_000,
    listLagMs: 10_000,
    concurrentOperations: 8,
    terminateTimeoutMs: 600_000,
    ports: 'direct',
    zones: readInstanceSettings(settings).locations,
    instanceTypes: true,
  }),
  providerSettingsSchema,
  settingsSchema,
  settingsWarnings,
  // A token that is kept elsewhere may be that of another project.
  keepsMachines: (before, after) => {
    const [was, is] = [before, after].map(readInstanceSettings);
    return was?.endpoint === is?.endpoint && isDeepStrictEqual(was?.token, is?.token);
  },
  starter,
  create: (context) => new HetznerProvider(context),
  diagnose,
};
