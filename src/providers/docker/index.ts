import type { JsonObject } from '../../model/json.ts';
import type { ProviderType } from '../../ports/provider.ts';
import { diagnose } from './diagnose.ts';
import { enginesOf, engineUrlOf, providerSettingsSchema } from './engine-settings.ts';
import { DockerProvider } from './provider.ts';
import { MAX_STOP_TIMEOUT_MS, settingsSchema } from './settings.ts';
import { starter } from './starter.ts';

/** How long it may take to remove a container that has stopped. */
const REMOVAL_TIMEOUT_MS = 60_000;

/** An engine is no quicker at starting more at once: it takes the more work, and what runs beside it has the less of the processors. */
const OPERATIONS_PER_ENGINE = 8;

/** Servers as containers of Docker or Podman. */
export const dockerProvider: ProviderType = {
  name: 'docker',
  capabilities: (settings) => ({
    listIntervalMs: 5_000,
    listGapMs: 250,
    listLagMs: 0,
    concurrentOperations: OPERATIONS_PER_ENGINE * enginesOf(settings).length,
    terminateTimeoutMs: MAX_STOP_TIMEOUT_MS + REMOVAL_TIMEOUT_MS,
    // Published ports are mapped to those that target groups name.
    ports: 'direct',
    zones: enginesOf(settings).flatMap(({ zone }) => (zone === null ? [] : [zone])),
    instanceTypes: false,
  }),
  settingsSchema,
  providerSettingsSchema,
  keepsMachines,
  diagnose,
  starter,
  create: (context) => new DockerProvider(context),
};

/** Hosts may be added, and a host may get other certificates or another address. */
function keepsMachines(before: JsonObject, after: JsonObject): boolean {
  const engines = enginesOf(after);
  return enginesOf(before).every(({ zone, connection }) =>
    engines.some((one) => one.zone === zone && engineUrlOf(one.connection) === engineUrlOf(connection)),
  );
}
