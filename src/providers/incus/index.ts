import type { JsonObject } from '../../model/json.ts';
import type { ProviderType } from '../../ports/provider.ts';
import { diagnose } from './diagnose.ts';
import { IncusProvider } from './provider.ts';
import { MAX_STOP_TIMEOUT_MS, providerSettingsSchema, serverOf, settingsSchema } from './settings.ts';
import { starter } from './starter.ts';

/** How long it may take to switch an instance off and to delete its disks. */
const REMOVAL_TIMEOUT_MS = 120_000;

/** Servers as containers or virtual machines of an Incus server or cluster. */
export const incusProvider: ProviderType = {
  name: 'incus',
  capabilities: (settings) => ({
    listIntervalMs: 5_000,
    listGapMs: 500,
    listLagMs: 0,
    concurrentOperations: 8,
    terminateTimeoutMs: MAX_STOP_TIMEOUT_MS + REMOVAL_TIMEOUT_MS,
    ports: 'direct',
    zones: serverOf(settings).members,
    instanceTypes: false,
  }),
  settingsSchema,
  providerSettingsSchema,
  keepsMachines,
  diagnose,
  starter,
  create: (context) => new IncusProvider(context),
};

/** Another certificate of Drover's may be used, and members may be added: the server has all of its project's instances either way. */
function keepsMachines(before: JsonObject, after: JsonObject): boolean {
  const [old, next] = [serverOf(before), serverOf(after)];
  const isSameServer = old.socket === next.socket && old.url === next.url && old.project === next.project;
  const hasZones = old.members.length > 0;
  return (
    isSameServer && hasZones === next.members.length > 0 && old.members.every((name) => next.members.includes(name))
  );
}
