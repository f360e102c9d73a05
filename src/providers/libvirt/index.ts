import type { JsonObject } from '../../model/json.ts';
import type { ProviderType } from '../../ports/provider.ts';
import { diagnose } from './diagnose.ts';
import { LibvirtProvider } from './provider.ts';
import { hostsOf, MAX_STOP_TIMEOUT_MS, providerSettingsSchema, settingsSchema } from './settings.ts';
import { starter } from './starter.ts';
import { settingsWarnings } from './warnings.ts';

/** How long it may take to switch a machine off and to take its volumes away. */
const REMOVAL_TIMEOUT_MS = 60_000;

/** Servers as virtual machines of libvirt hosts. */
export const libvirtProvider: ProviderType = {
  name: 'libvirt',
  capabilities: (settings) => ({
    listIntervalMs: 5_000,
    listGapMs: 500,
    listLagMs: 0,
    concurrentOperations: 8,
    terminateTimeoutMs: MAX_STOP_TIMEOUT_MS + REMOVAL_TIMEOUT_MS,
    ports: 'direct',
    zones: hostsOf(settings).flatMap(({ zone }) => (zone === null ? [] : [zone])),
    instanceTypes: false,
  }),
  settingsSchema,
  providerSettingsSchema,
  keepsMachines,
  settingsWarnings,
  diagnose,
  starter,
  create: (context) => new LibvirtProvider(context),
};

/** Hosts may be added. */
function keepsMachines(before: JsonObject, after: JsonObject): boolean {
  const hosts = hostsOf(after);
  return hostsOf(before).every(({ zone, uri }) => hosts.some((host) => host.zone === zone && host.uri === uri));
}
