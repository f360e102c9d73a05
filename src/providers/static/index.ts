import type { JsonObject } from '../../model/json.ts';
import { asPortError } from '../../ports/errors.ts';
import type { Finding, ProviderContext, ProviderType } from '../../ports/provider.ts';
import { COMMAND_TIMEOUT_MS, Host, isUnreachable } from './host.ts';
import { StaticProvider } from './provider.ts';
import { Quarantine } from './quarantine.ts';
import { HostRecords } from './records.ts';
import { providerSettingsSchema, readProviderSettings, settingsSchema } from './settings.ts';
import { starter } from './starter.ts';

/** Servers on hosts of one's own. */
export const staticProvider: ProviderType = {
  name: 'static',
  capabilities: (settings) => ({
    listIntervalMs: 10_000,
    listGapMs: 1_000,
    listLagMs: 0,
    concurrentOperations: 8,
    terminateTimeoutMs: 2 * COMMAND_TIMEOUT_MS,
    ports: 'direct',
    // A host fails, and cannot be seen, by itself.
    zones: readProviderSettings(settings).hosts.map(({ name }) => name),
    instanceTypes: false,
  }),
  settingsSchema,
  providerSettingsSchema,
  keepsMachines,
  diagnose,
  starter,
  create: (context) => new StaticProvider(context),
};

/** Hosts may be added, and be reached in another way. */
function keepsMachines(before: JsonObject, after: JsonObject): boolean {
  const [old, next] = [readProviderSettings(before), readProviderSettings(after)];
  const isKept = ({ name, address }: { name: string; address: string }) =>
    next.hosts.some((host) => host.name === name && host.address === address);
  return old.directory === next.directory && old.hosts.every(isKept);
}

async function diagnose(
  { fleet, settings, clock, dataDir }: ProviderContext,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const read = readProviderSettings(settings);
  const { hosts } = read;
  const quarantine = new Quarantine(dataDir);
  const records = new HostRecords(dataDir);
  return await Promise.all(
    hosts.map(async (one): Promise<Finding> => {
      const host = new Host(one, { ...read, fleet, clock });
      try {
        const claim = await host.claimed(signal);
        const failed = quarantine.get(one.name);
        if (failed !== null) {
          const message = `The host ${one.name} is in quarantine: ${failed.why}.`;
          return { level: 'warning', message, remedy: 'Mend it; it is used again once its check passes.' };
        }
        const resets = records.resets(one.name, clock.now());
        if (resets > 1) {
          const message = `The host ${one.name} was reset ${resets} times in the last 24 hours.`;
          return { level: 'warning', message, remedy: 'Look into its logs for why it fails.' };
        }
        const use = claim === null ? 'free' : `serving ${claim.instanceId} of the fleet ${claim.fleet}`;
        return { level: 'ok', message: `The host ${one.name} is reached, and ${use}.`, remedy: null };
      } catch (error) {
        if (isUnreachable(error) && host.can('wake') && records.isFree(one.name)) {
          const message = `The host ${one.name} is not reached, and was free when it was seen last: it is switched on when it is needed.`;
          return { level: 'ok', message, remedy: null };
        }
        const remedy = `Look whether \`${one.shell.slice(0, -1).join(' ')}\` works for Drover's user.`;
        return { level: 'error', message: asPortError(error).message, remedy };
      }
    }),
  );
}
