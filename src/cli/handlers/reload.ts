import { isDeepStrictEqual } from 'node:util';
import type { Command } from 'commander';
import { ApiError } from '../../api/client.ts';
import { count } from '../../base/plural.ts';
import type { FleetChange } from '../../fleet/change.ts';
import { CliError } from '../actions.ts';
import { confirm } from '../confirm.ts';
import { type Context, print, programOf, withClient } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { renderChanges } from '../render/changes.ts';
import { uncutLook } from '../terminal.ts';
import { warnOfFile } from './validate.ts';
import { printApplied } from './versions.ts';

export async function reload(context: Context, yes: boolean, command: Command): Promise<void> {
  await withClient(context, command, async (client, signal) => {
    const changes = await client.fleetChanges(signal).catch(invalidFile);
    if (changes.length === 0) return print(context, 'No changes.');
    print(context, renderChanges(changes, uncutLook(context.terminal, programOf(command))).join('\n'));
    const { fleetFile } = await client.status(signal);
    if (fleetFile !== null) await warnOfFile(context, fleetFile);
    await confirm(context, `Apply ${count(changes.length, 'change')}?`, yes);
    refuseOtherChanges(changes, await client.fleetChanges(signal).catch(invalidFile));
    printApplied(context, await client.reloadFleet(signal).catch(invalidFile));
  });
}

/** What a person has agreed to is what was shown. */
function refuseOtherChanges(shown: readonly FleetChange[], now: readonly FleetChange[]): void {
  if (isDeepStrictEqual(shown, now)) return;
  throw new CliError(
    EXIT.refused,
    'The fleet file has changed since its changes were shown. Nothing was applied; run `drover reload` again.',
  );
}

/** The API calls every value that it cannot take invalid; here that value is the fleet file. */
function invalidFile(error: unknown): never {
  if (error instanceof ApiError && error.code === 'invalid') throw new CliError(EXIT.invalidFleetFile, error.message);
  throw error;
}
