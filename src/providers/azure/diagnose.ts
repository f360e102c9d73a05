import { asPortError } from '../../ports/errors.ts';
import type { Finding, ProviderContext } from '../../ports/provider.ts';
import { AzureClient } from './client.ts';
import { readInstanceSettings } from './settings.ts';

/** Less room than this share of a quota is soon used up. */
const FULL_SHARE = 0.9;
const CORES = 'cores';

/** Whether the credential is good, the resource group is there, power states can be read, and the quota of cores has room. It changes nothing. */
export async function diagnose({ settings }: ProviderContext, abortSignal: AbortSignal): Promise<readonly Finding[]> {
  const { endpoint, location, resourceGroup } = readInstanceSettings(settings);
  const client = new AzureClient(readInstanceSettings(settings));
  try {
    await client.call(({ compute }, group) => compute.virtualMachines.list(group, { abortSignal }).next());
    const states = await powerStates(client, abortSignal);
    const cores = await client.call(async ({ compute }) => {
      for await (const usage of compute.usage.list(location, { abortSignal })) {
        if (usage.name.value === CORES) return usage;
      }
      return null;
    });
    const message = `Azure answers at ${endpoint}, takes the credential, and has the resource group ${resourceGroup}.`;
    const reached: Finding = { level: 'ok', message, remedy: null };
    if (cores === null) return [reached, ...states];
    const used = `${cores.currentValue} of ${cores.limit} cores are used in ${location}.`;
    if (cores.currentValue < cores.limit * FULL_SHARE)
      return [reached, ...states, { level: 'ok', message: used, remedy: null }];
    return [
      reached,
      ...states,
      { level: 'warning', message: used, remedy: 'Ask Azure for a larger quota, or lower maxSize.' },
    ];
  } catch (error) {
    const remedy = 'Check the credential, its role on the resource group, and that this host reaches Azure.';
    return [{ level: 'error', message: `Azure cannot be used: ${asPortError(error).message}.`, remedy }];
  }
}

/** Who may manage a resource group may not always see the states of its machines, which Azure gives for a whole subscription only. */
async function powerStates(client: AzureClient, abortSignal: AbortSignal): Promise<readonly Finding[]> {
  try {
    await client.call(({ compute }) => compute.virtualMachines.listAll({ abortSignal, statusOnly: 'true' }).next());
    return [];
  } catch (error) {
    const message = `The power states of virtual machines cannot be read: ${asPortError(error).message}.`;
    return [{ level: 'error', message, remedy: 'Allow Microsoft.Compute/virtualMachines/read in the subscription.' }];
  }
}
