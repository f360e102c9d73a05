import { asPortError } from '../../ports/errors.ts';
import type { Finding, ProviderContext } from '../../ports/provider.ts';
import { AzureClient } from './client.ts';
import { readInstanceSettings } from './settings.ts';

/** Less room than this share of a quota is soon used up. */
const FULL_SHARE = 0.9;
const CORES = 'cores';

/** Whether the credential is good, the resource group is there, and the quota of cores has room. It changes nothing. */
export async function diagnose({ settings }: ProviderContext, abortSignal: AbortSignal): Promise<readonly Finding[]> {
  const { endpoint, location, resourceGroup } = readInstanceSettings(settings);
  const client = new AzureClient(readInstanceSettings(settings));
  try {
    await client.call(({ compute }, group) => compute.virtualMachines.list(group, { abortSignal }).next());
    const cores = await client.call(async ({ compute }) => {
      for await (const usage of compute.usage.list(location, { abortSignal })) {
        if (usage.name.value === CORES) return usage;
      }
      return null;
    });
    const message = `Azure answers at ${endpoint}, takes the credential, and has the resource group ${resourceGroup}.`;
    const reached: Finding = { level: 'ok', message, remedy: null };
    if (cores === null) return [reached];
    const used = `${cores.currentValue} of ${cores.limit} cores are used in ${location}.`;
    if (cores.currentValue < cores.limit * FULL_SHARE) return [reached, { level: 'ok', message: used, remedy: null }];
    return [reached, { level: 'warning', message: used, remedy: 'Ask Azure for a larger quota, or lower maxSize.' }];
  } catch (error) {
    const remedy = 'Check the credential, its role on the resource group, and that this host reaches Azure.';
    return [{ level: 'error', message: `Azure cannot be used: ${asPortError(error).message}.`, remedy }];
  }
}
