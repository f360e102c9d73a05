import { type Command, Option } from 'commander';
import type { FleetStatus } from '../../views/status.ts';
import { CliError } from '../actions.ts';
import { type Context, print, printJson, withClient } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { follow } from '../live/follow.ts';
import { renderStatus } from '../live/frame.ts';
import { LiveView } from '../live/live-view.ts';
import { renderPlan } from '../render/changes.ts';
import { renderExplanation } from '../render/explanation.ts';
import { terminalLook, uncutLook } from '../terminal.ts';

export function addStatusCommands(program: Command, context: Context): void {
  program
    .command('status')
    .summary('show load balancers, groups and instances')
    .description('Shows the load balancers, the groups and their instances as they are now.')
    .option('--json', 'everything that is known, as JSON')
    .addOption(new Option('--watch', 'go on showing it, with the newest activities').conflicts('json'))
    .action(async (options: { json?: true; watch?: true }, command: Command) => {
      await withClient(context, command, async (client, signal) => {
        // Asked for once before watching, too: where no controller runs at all, that is the answer.
        const status = await client.status(signal);
        if (options.json === true) return printJson(context, status, 2);
        if (options.watch !== true) {
          print(context, renderStatus(status, terminalLook(context.terminal)));
          return failWhereNothingIsRecorded(status);
        }
        const hints = [{ command: 'Ctrl-C', effect: 'ends this view' }];
        await follow(client, new LiveView(context.terminal, () => hints), context.terminal, signal);
      });
    });

  program
    .command('plan')
    .summary('show what would be done next, and why')
    .description(
      'Shows what the next check of each group would do, and what keeps it from doing more. Changes nothing.',
    )
    .option('--json', 'as JSON')
    .action(async (options: { json?: true }, command: Command) => {
      const plan = await withClient(context, command, (client, signal) => client.plan(signal));
      if (options.json === true) printJson(context, plan, 2);
      else print(context, renderPlan(plan, uncutLook(context.terminal)));
    });

  program
    .command('explain')
    .summary('show why a group has its size, and why nothing happens')
    .description(
      'Shows what each scaling policy of a group sees, wants and why, what limits it and how long it waits; the scheduled ' +
        'actions with their next times; what is suspended; and what the next check would do, or what keeps it from doing more.',
    )
    .argument('<group>', 'the auto scaling group')
    .option('--json', 'as JSON')
    .action(async (group: string, options: { json?: true }, command: Command) => {
      const explanation = await withClient(context, command, (client, signal) => client.explain(group, signal));
      if (options.json === true) printJson(context, explanation, 2);
      else print(context, renderExplanation(explanation, terminalLook(context.terminal)));
    });
}

/** A group that cannot record what it decides does nothing: for a script that asks, that is a failure. */
function failWhereNothingIsRecorded({ groups }: FleetStatus): void {
  for (const { name, holds } of groups) {
    const hold = holds.find(({ code }) => code === 'cannotCommit');
    if (hold !== undefined) throw new CliError(EXIT.failed, `Group ${name}: ${hold.message}`);
  }
}
