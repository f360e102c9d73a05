import type { JsonObject } from '../../model/json.ts';
import type { ProviderType } from '../../ports/provider.ts';
import { diagnose } from './diagnose.ts';
import { DESTROY_TIMEOUT_MS, VagrantProvider } from './provider.ts';
import { providerSettingsSchema, readProviderSettings, settingsSchema } from './settings.ts';
import { starter } from './starter.ts';

/** Servers as machines that Vagrant makes, with VirtualBox, libvirt or Docker. */
export const vagrantProvider: ProviderType = {
  name: 'vagrant',
  capabilities: (settings) => ({
    listIntervalMs: 2_000,
    listGapMs: 250,
    // The hypervisor is asked at each list, and knows.
    listLagMs: 0,
    // Vagrant itself brings up machines of VirtualBox one after the other: two imports at a time get in each other's way.
    concurrentOperations: readProviderSettings(settings).vagrantProvider === 'virtualbox' ? 1 : 4,
    terminateTimeoutMs: 2 * DESTROY_TIMEOUT_MS,
    ports: 'direct',
    zones: [],
    instanceTypes: false,
  }),
  settingsSchema,
  providerSettingsSchema,
  keepsMachines,
  starter,
  create: (context) => new VagrantProvider(context),
  diagnose,
};

/** Machines stay where they are when new ones get other addresses. */
function keepsMachines(before: JsonObject, after: JsonObject): boolean {
  const [old, now] = [readProviderSettings(before), readProviderSettings(after)];
  return (
    old.vagrantProvider === now.vagrantProvider &&
    old.home === now.home &&
    old.uri === now.uri &&
    old.dockerHost === now.dockerHost
  );
}
