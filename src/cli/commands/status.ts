import { type Command, Option } from 'commander';
import type { Context } from '../context.ts';

export function addStatusCommands(program: Command, context: Context): void {
  program
    .command('status')
    .summary('show load balancers, groups and instances')
    .description('Shows the load balancers, the groups and their instances as they are now.')
    .option('--json', 'everything that is known, as JSON')
    .addOption(new Option('--watch', 'go on showing it, with the newest activities').conflicts('json'))
    .action(async (options: { json?: true; watch?: true }, command: Command) => {
      const { status } = await import('../handlers/status.ts');
      await status(context, options, command);
    });

  program
    .command('plan')
    .summary('show what would be done next, and why')
    .description(
      'Shows what the next check of each group would do, and what keeps it from doing more. Changes nothing.',
    )
    .option('--json', 'as JSON')
    .action(async (options: { json?: true }, command: Command) => {
      const { plan } = await import('../handlers/status.ts');
      await plan(context, options, command);
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
      const { explain } = await import('../handlers/status.ts');
      await explain(context, group, options, command);
    });
}
