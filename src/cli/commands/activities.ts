import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Context } from '../context.ts';
import type { ActivityOptions } from '../handlers/activities.ts';
import { addOutput, TABLES } from '../options/output.ts';

const maxActivities = 1_000;

export function addActivitiesCommand(program: Command, context: Context): void {
  const activities = program
    .command('activities')
    .summary('show what was done, and why')
    .description('Shows what Drover did or refused to do and why, the newest last.')
    .option('--group <group>', 'only those of this group')
    .option('--instance <id>', 'only those of this instance; for one that is gone, the whole id')
    .addOption(new Option('--level <level>', 'only those at least so severe').choices(['info', 'warning', 'error']))
    .option('--limit <number>', `how many at first, 1 to ${maxActivities}`, limit, 50)
    .option('--follow', 'go on with new ones until interrupted');
  addOutput(activities, TABLES, 'the same as `--output json`: one JSON object a line').action(
    async (options: ActivityOptions, command: Command) => {
      const handlers = await import('../handlers/activities.ts');
      await handlers.activities(context, options, command);
    },
  );
}

function limit(text: string): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= 1 && value <= maxActivities) return value;
  throw new InvalidArgumentError(`It must be a whole number from 1 to ${maxActivities}.`);
}
