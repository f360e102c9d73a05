/** Switching a host on, and resetting it: commands that Drover runs on its own host, with what tells the hosts apart filled in. */

import { z } from 'zod';
import { didYouMean } from '../../base/suggest.ts';
import { commandSchema, variableNameSchema } from '../../settings/command.ts';
import { durationSchema } from '../../settings/duration.ts';
import { fillIn } from '../../settings/user-data.ts';

const MAX_BOOT_TIMEOUT_MS = 3_600_000;
const MAX_VARIABLES = 16;
const MAX_VALUE_CHARACTERS = 256;
const VARIABLES = 'variables.';

const powerSchema = z.strictObject({
  wake: commandSchema()
    .optional()
    .describe(
      'Run on the host of Drover to switch on a host that is free and cannot be reached, before it is used, such as [wakeonlan, "{{ drover.variables.mac }}"].',
    ),
  reset: commandSchema()
    .optional()
    .describe(
      'Run on the host of Drover to reset a host that has failed, before its server is replaced, such as [ipmitool, -H, "{{ drover.variables.bmc }}", ..., chassis, power, reset].',
    ),
  bootTimeout: durationSchema({ minMs: 1_000, maxMs: MAX_BOOT_TIMEOUT_MS })
    .prefault('5m')
    .describe('How long a host may take until it is reached after wake or reset.'),
});

/** The settings of `power`, and of each host's `variables`. */
export const powerSettingsSchema = powerSchema
  .prefault({})
  .describe('How hosts are switched on and reset from outside: IPMI, wake-on-LAN or any other command.');

export const hostVariablesSchema = z
  .record(variableNameSchema(/^$/, ''), z.string().max(MAX_VALUE_CHARACTERS))
  .refine((variables) => Object.keys(variables).length <= MAX_VARIABLES, {
    error: `there may be at most ${MAX_VARIABLES}`,
  })
  .default({})
  .describe("What the commands of `power` need to know of the host, such as its BMC's address or its MAC address.");

/** The commands of one host. */
export const hostPowerSettings = z.object({
  wake: z.array(z.string()).nullable(),
  reset: z.array(z.string()).nullable(),
});
export type HostPower = z.infer<typeof hostPowerSettings>;

/** The commands with a host's own words in them, or what in them stands for nothing. */
export function powerOf(
  { wake, reset }: z.output<typeof powerSchema>,
  host: { readonly name: string; readonly address: string; readonly variables: Readonly<Record<string, string>> },
): HostPower | { readonly wrong: { readonly command: 'wake' | 'reset'; readonly message: string } } {
  const known: Record<string, string> = { host: host.name, address: host.address };
  for (const [name, value] of Object.entries(host.variables)) known[`${VARIABLES}${name}`] = value;
  const filled: HostPower = { wake: null, reset: null };
  for (const [command, words] of [['wake', wake] as const, ['reset', reset] as const]) {
    if (words === undefined) continue;
    let missing: string | null = null;
    filled[command] = words.map((word) =>
      fillIn(word, (name) => {
        const value = Object.hasOwn(known, name) ? known[name] : undefined;
        if (value === undefined) missing ??= name;
        return value ?? '';
      }),
    );
    if (missing === null) continue;
    const message = `{{ drover.${missing} }} stands for nothing for the host ${host.name}; ${didYouMean(missing, Object.keys(known))}`;
    return { wrong: { command, message } };
  }
  return filled;
}
