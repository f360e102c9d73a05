import type { Command } from 'commander';
import type { FleetStatus } from '../../views/status.ts';
import { CliError } from '../actions.ts';
import { type Context, programOf, withClient } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { renderStatus } from '../live/frame.ts';
import { formatOf, type OutputOptions, printAs } from '../options/output.ts';
import { renderPlan } from '../render/changes.ts';
import { renderExplanation } from '../render/explanation.ts';
import type { Look } from '../render/look.ts';

export async function status(
  context: Context,
  options: OutputOptions & { readonly watch?: true },
  command: Command,
): Promise<void> {
  await withClient(context, command, async (client, signal) => {
    // Asked for once before watching, too: where no controller runs at all, that is the answer.
    const current = await client.status(signal);
    if (options.watch === true) {
      const { watch } = await import('../live/watch.ts');
      return watch(client, context.terminal, signal, programOf(command));
    }
    const table = (look: Look) => renderStatus(current, look);
    const names = () => current.groups.flatMap(({ instances }) => instances.map(({ id }) => id));
    await printAs(context, options, current, { table, names }, command);
    if (formatOf(options) === 'table' || formatOf(options) === 'wide') failWhereNothingIsRecorded(current);
  });
}

export async function plan(context: Context, options: OutputOptions, command: Command): Promise<void> {
  const found = await withClient(context, command, (client, signal) => client.plan(signal));
  await printAs(context, options, found, { table: (look) => renderPlan(found, look) }, command);
}

export async function explain(
  context: Context,
  group: string,
  options: OutputOptions,
  command: Command,
): Promise<void> {
  const explanation = await withClient(context, command, (client, signal) => client.explain(group, signal));
  await printAs(context, options, explanation, { table: (look) => renderExplanation(explanation, look) }, command);
}

/** A group that cannot record what it decides does nothing: for a script that asks, that is a failure. */
function failWhereNothingIsRecorded({ groups }: FleetStatus): void {
  for (const { name, holds } of groups) {
    const hold = holds.find(({ code }) => code === 'cannotCommit');
    if (hold !== undefined) throw new CliError(EXIT.failed, `Group ${name}: ${hold.message}`);
  }
}
