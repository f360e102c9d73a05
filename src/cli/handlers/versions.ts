import type { Command } from 'commander';
import type { FleetVersions } from '../../views/fleet-versions.ts';
import { CliError } from '../actions.ts';
import { type Context, say, withClient } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { formatOf, type OutputOptions, printAs } from '../options/output.ts';
import { renderChanges } from '../render/changes.ts';
import type { Look } from '../render/look.ts';
import { renderDocument, renderVersions } from '../render/versions.ts';

export async function versions(context: Context, options: OutputOptions, command: Command): Promise<void> {
  const found = await withClient(context, command, (client, signal) => client.fleetVersions(signal));
  const table = (look: Look) => renderVersions(found, look).join('\n');
  const names = () => found.versions.map(({ number }) => String(number));
  await printAs(context, options, found, { table, names }, command);
}

/** @param number undefined for the version in force */
export async function show(
  context: Context,
  number: number | undefined,
  options: OutputOptions,
  command: Command,
): Promise<void> {
  const version = await withClient(context, command, async (client, signal) =>
    client.fleetVersion(number ?? inForce(await client.fleetVersions(signal)), signal),
  );
  const { yaml, notes } = renderDocument(version);
  await printAs(context, options, version, { table: () => yaml }, command);
  if (formatOf(options) === 'table') for (const note of notes) say(context, note);
}

export async function diff(
  context: Context,
  { from, to }: { readonly from: number | undefined; readonly to: number | undefined },
  options: OutputOptions,
  command: Command,
): Promise<void> {
  const changes = await withClient(context, command, async (client, signal) => {
    const known = await client.fleetVersions(signal);
    return client.compareFleetVersions(from ?? beforeThat(known), to ?? inForce(known), signal);
  });
  const table = (look: Look) => (changes.length === 0 ? 'No changes.' : renderChanges(changes, look).join('\n'));
  await printAs(context, options, changes, { table, names: () => changes.map(({ path }) => path) }, command);
}

/** @throws CliError `refused` where there is none */
export function inForce({ versions: [newest] }: FleetVersions): number {
  if (newest !== undefined) return newest.number;
  throw new CliError(EXIT.refused, 'There is no version of the fleet yet: `drover apply <file>` makes one.');
}

function beforeThat({ versions: [, before] }: FleetVersions): number {
  if (before !== undefined) return before.number;
  throw new CliError(EXIT.refused, 'There is one version of the fleet, or none: there is nothing to compare.');
}
