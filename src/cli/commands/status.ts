import { type Command, InvalidArgumentError, Option } from 'commander';
import type { StoredActivity } from '../../model/activity.ts';
import { type Context, findInstance, print, printJson, withClient } from '../context.ts';
import { follow } from '../live/follow.ts';
import { renderStatus } from '../live/frame.ts';
import { LiveView } from '../live/live-view.ts';
import { listLine } from '../render/activities.ts';
import { renderPlan } from '../render/changes.ts';
import { terminalLook } from '../terminal.ts';

const followIntervalMs = 500;
const maxActivities = 1_000;

interface ActivityOptions {
  readonly group?: string;
  readonly instance?: string;
  readonly level?: 'info' | 'warning' | 'error';
  readonly limit: number;
  readonly follow?: true;
  readonly json?: true;
}

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
        if (options.watch !== true) return print(context, renderStatus(status, terminalLook(context.terminal)));
        const hints = [{ command: 'Ctrl-C', effect: 'ends this view' }];
        await follow(client, new LiveView(context.terminal, () => hints), context.terminal, signal);
      });
    });

  program
    .command('activities')
    .summary('show what was done, and why')
    .description('Shows what Drover did or refused to do and why, the newest last.')
    .option('--group <group>', 'only those of this group')
    .option('--instance <id>', 'only those of this instance; for one that is gone, the whole id')
    .addOption(new Option('--level <level>', 'only those at least so severe').choices(['info', 'warning', 'error']))
    .option('--limit <number>', `how many at first, 1 to ${maxActivities}`, limit, 50)
    .option('--follow', 'go on with new ones until interrupted')
    .option('--json', 'one JSON object a line')
    .action((options: ActivityOptions, command: Command) => activities(context, options, command));

  program
    .command('plan')
    .summary('show what would be done next, and why')
    .description('Shows what the next look at each group would do, and what keeps it from doing more. Changes nothing.')
    .option('--json', 'as JSON')
    .action(async (options: { json?: true }, command: Command) => {
      const plan = await withClient(context, command, (client, signal) => client.plan(signal));
      if (options.json === true) printJson(context, plan, 2);
      else print(context, renderPlan(plan, terminalLook(context.terminal)));
    });
}

async function activities(context: Context, options: ActivityOptions, command: Command): Promise<void> {
  await withClient(context, command, async (client, signal) => {
    const { group, instance, level } = options;
    const instanceId = instance === undefined ? undefined : await fullId(instance);
    const filter = {
      ...(group === undefined ? {} : { group }),
      ...(instanceId === undefined ? {} : { instanceId }),
      ...(level === undefined ? {} : { level }),
    };
    let found = await client.activities({ ...filter, limit: options.limit }, signal);
    show(found);
    let afterSequence = 0;
    while (options.follow === true && !signal.aborted) {
      afterSequence = found.at(-1)?.sequence ?? afterSequence;
      await context.terminal.clock.sleep(followIntervalMs, signal);
      if (signal.aborted) return;
      found = await client.activities({ ...filter, afterSequence, limit: maxActivities }, signal);
      show(found);
    }

    function show(list: readonly StoredActivity[]): void {
      const look = terminalLook(context.terminal);
      for (const each of list) {
        if (options.json === true) printJson(context, each);
        else print(context, listLine(each, look));
      }
    }

    /** An instance that is gone is in no status: its id is taken as it is. */
    async function fullId(given: string): Promise<string> {
      return /^i-[0-9a-f]{17}$/.test(given) ? given : (await findInstance(client, given, signal)).id;
    }
  });
}

function limit(text: string): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= 1 && value <= maxActivities) return value;
  throw new InvalidArgumentError(`It is a whole number from 1 to ${maxActivities}.`);
}
