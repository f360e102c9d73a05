import type { Command } from 'commander';
import type { FleetStatus } from '../../views/status.ts';
import { CliError } from '../actions.ts';
import { type Context, print, printJson, programOf, withClient } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { renderStatus } from '../live/frame.ts';
import { renderPlan } from '../render/changes.ts';
import { renderExplanation } from '../render/explanation.ts';
import { uncutLook } from '../terminal.ts';

export async function status(
  context: Context,
  options: { readonly json?: true; readonly watch?: true },
  command: Command,
): Promise<void> {
  await withClient(context, command, async (client, signal) => {
    // Asked for once before watching, too: where no controller runs at all, that is the answer.
    const current = await client.status(signal);
    if (options.json === true) return printJson(context, current, 2);
    if (options.watch !== true) {
      print(context, renderStatus(current, uncutLook(context.terminal, programOf(command))));
      return failWhereNothingIsRecorded(current);
    }
    const { watch } = await import('../live/watch.ts');
    await watch(client, context.terminal, signal, programOf(command));
  });
}

export async function plan(context: Context, options: { readonly json?: true }, command: Command): Promise<void> {
  const found = await withClient(context, command, (client, signal) => client.plan(signal));
  if (options.json === true) printJson(context, found, 2);
  else print(context, renderPlan(found, uncutLook(context.terminal, programOf(command))));
}

export async function explain(
  context: Context,
  group: string,
  options: { readonly json?: true },
  command: Command,
): Promise<void> {
  const explanation = await withClient(context, command, (client, signal) => client.explain(group, signal));
  if (options.json === true) printJson(context, explanation, 2);
  else print(context, renderExplanation(explanation, uncutLook(context.terminal, programOf(command))));
}

/** A group that cannot record what it decides does nothing: for a script that asks, that is a failure. */
function failWhereNothingIsRecorded({ groups }: FleetStatus): void {
  for (const { name, holds } of groups) {
    const hold = holds.find(({ code }) => code === 'cannotCommit');
    if (hold !== undefined) throw new CliError(EXIT.failed, `Group ${name}: ${hold.message}`);
  }
}
