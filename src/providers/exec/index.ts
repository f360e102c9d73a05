import { isDeepStrictEqual } from 'node:util';
import { count } from '../../base/plural.ts';
import type { JsonObject } from '../../model/json.ts';
import { asPortError } from '../../ports/errors.ts';
import type { Finding, ProviderContext, ProviderType } from '../../ports/provider.ts';
import { ExecProvider } from './provider.ts';
import { type ExecSettings, providerSettingsSchema, readSettings, settingsSchema } from './settings.ts';
import { starter } from './starter.ts';

/** Servers from a program of the user's own. */
export const execProvider: ProviderType = {
  name: 'exec',
  settingsSchema,
  providerSettingsSchema,
  capabilities: (settings) => {
    const read = readSettings(settings);
    return {
      listIntervalMs: read.listIntervalMs,
      listGapMs: read.listGapMs,
      listLagMs: read.listLagMs,
      concurrentOperations: read.concurrency,
      terminateTimeoutMs: read.terminateTimeoutMs,
      ports: read.ports,
      zones: read.zones,
      instanceTypes: read.instanceTypes,
    };
  },
  keepsMachines,
  starter,
  create: (context) => new ExecProvider(context),
  diagnose,
};

/** What the program says is its own: only the same program that is given the same lists the same machines. */
function keepsMachines(before: JsonObject, after: JsonObject): boolean {
  const [old, now] = [readSettings(before), readSettings(after)];
  const whatItIs = ({ command, workingDirectory, environment, secrets, ports }: ExecSettings) => {
    return { command, workingDirectory, environment, secrets, ports };
  };
  if (!isDeepStrictEqual(whatItIs(old), whatItIs(now))) return false;
  // Without zones a machine has none, and a machine without one is not listed where there are some.
  return old.zones.length === 0 ? now.zones.length === 0 : old.zones.every((zone) => now.zones.includes(zone));
}

/** Asks for a list, which changes nothing. */
async function diagnose(context: ProviderContext, signal: AbortSignal): Promise<readonly Finding[]> {
  const provider = new ExecProvider(context);
  const [program] = readSettings(context.settings).command;
  try {
    const { machines, unseenZones } = await provider.list(signal);
    const seen: Finding = {
      level: 'ok',
      message: `${program} lists ${count(machines.length, 'machine')}.`,
      remedy: null,
    };
    const unseen = [...unseenZones].map(
      ([zone, why]): Finding => ({
        level: 'warning',
        message: `Its zone ${zone} cannot be seen: ${why}.`,
        remedy: `Make ${zone} reachable; until then its servers are neither healed nor replaced.`,
      }),
    );
    return [seen, ...unseen];
  } catch (error) {
    const remedy =
      'Run the program by hand with list as its last argument; docs/providers/exec.md says what it answers.';
    return [{ level: 'error', message: asPortError(error).message, remedy }];
  } finally {
    await provider.close();
  }
}
