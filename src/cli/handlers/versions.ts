import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { ApiClient } from '../../api/client.ts';
import { count } from '../../base/plural.ts';
import type { AppliedFleet, FleetVersions } from '../../views/fleet-versions.ts';
import { CliError, InvalidFleetFile } from '../actions.ts';
import { confirm } from '../confirm.ts';
import { type Context, print, printJson, programOf, say, warn, withClient } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { renderChanges } from '../render/changes.ts';
import { renderDocument, renderVersions } from '../render/versions.ts';
import { uncutLook } from '../terminal.ts';

export async function versions(context: Context, json: boolean, command: Command): Promise<void> {
  const found = await withClient(context, command, (client, signal) => client.fleetVersions(signal));
  if (json) printJson(context, found, 2);
  else print(context, renderVersions(found, uncutLook(context.terminal, programOf(command))).join('\n'));
}

/** @param number undefined for the version in force */
export async function show(
  context: Context,
  number: number | undefined,
  json: boolean,
  command: Command,
): Promise<void> {
  const version = await withClient(context, command, async (client, signal) =>
    client.fleetVersion(number ?? inForce(await client.fleetVersions(signal)), signal),
  );
  if (json) return printJson(context, version, 2);
  const { yaml, notes } = renderDocument(version);
  print(context, yaml);
  for (const note of notes) say(context, note);
}

export async function diff(
  context: Context,
  { from, to, json }: { from: number | undefined; to: number | undefined; json: boolean },
  command: Command,
): Promise<void> {
  const changes = await withClient(context, command, async (client, signal) => {
    const known = await client.fleetVersions(signal);
    return client.compareFleetVersions(from ?? beforeThat(known), to ?? inForce(known), signal);
  });
  if (json) return printJson(context, changes, 2);
  print(
    context,
    changes.length === 0
      ? 'No changes.'
      : renderChanges(changes, uncutLook(context.terminal, programOf(command))).join('\n'),
  );
}

export async function apply(context: Context, file: string, yes: boolean, command: Command): Promise<void> {
  const path = resolve(context.terminal.cwd, file);
  const loaded = await context.actions.loadFleet(path);
  if (!loaded.ok) throw new InvalidFleetFile(loaded.errors);
  await withClient(context, command, async (client, signal) => {
    const { madeFrom, changes } = await client.planFleet(loaded.document, signal);
    if (changes.length === 0) return print(context, 'No changes.');
    print(context, renderChanges(changes, uncutLook(context.terminal, programOf(command))).join('\n'));
    await confirm(context, `Apply ${count(changes.length, 'change')}?`, yes);
    printApplied(context, await client.applyFleet(loaded.document, madeFrom, signal));
  });
}

export async function rollback(context: Context, number: number, yes: boolean, command: Command): Promise<void> {
  await withClient(context, command, async (client, signal) => {
    const known = await client.fleetVersions(signal);
    const current = inForce(known);
    // Where a file owns the fleet, the controller says what to do instead.
    if (known.owner.kind === 'api') await confirmRollback(context, client, { current, number, yes }, command);
    printApplied(context, await client.rollbackFleet(number, current, signal));
  });
}

async function confirmRollback(
  context: Context,
  client: ApiClient,
  { current, number, yes }: { current: number; number: number; yes: boolean },
  command: Command,
): Promise<void> {
  const changes = await client.compareFleetVersions(current, number, context.terminal.interrupted);
  if (changes.length === 0) return;
  print(context, renderChanges(changes, uncutLook(context.terminal, programOf(command))).join('\n'));
  await confirm(context, `Bring version ${number} back, with ${count(changes.length, 'change')}?`, yes);
}

/** What was applied, and what could not be done yet. */
export function printApplied(context: Context, { version, changes, pending }: AppliedFleet): void {
  print(context, `Applied ${count(changes.length, 'change')}. The fleet is at version ${version}.`);
  for (const sentence of pending) warn(context, sentence);
}

function inForce({ versions: [newest] }: FleetVersions): number {
  if (newest !== undefined) return newest.number;
  throw new CliError(EXIT.refused, 'There is no version of the fleet yet: `drover fleet apply <file>` makes one.');
}

function beforeThat({ versions: [, before] }: FleetVersions): number {
  if (before !== undefined) return before.number;
  throw new CliError(EXIT.refused, 'There is one version of the fleet, or none: there is nothing to compare.');
}
