import { type Command, Option } from 'commander';
import type { Context } from '../context.ts';
import { addOutput, NAMED_TABLES, type OutputOptions, TABLES } from '../options/output.ts';

export function addStatusCommands(program: Command, context: Context): void {
  const status = program
    .command('status')
    .summary('show load balancers, groups and instances')
    .description('Shows the load balancers, the groups and their instances as they are now.');
  addOutput(status, NAMED_TABLES)
    .addOption(new Option('--watch', 'go on showing it, with the newest activities').conflicts(['json', 'output']))
    .action(async (options: OutputOptions & { readonly watch?: true }, command: Command) => {
      const handlers = await import('../handlers/status.ts');
      await handlers.status(context, options, command);
    });

  const plan = program
    .command('plan')
    .summary('show what would be done next, and why')
    .description(
      'Shows what the next check of each group would do, and what keeps it from doing more. Changes nothing.',
    );
  addOutput(plan, TABLES).action(async (options: OutputOptions, command: Command) => {
    const handlers = await import('../handlers/status.ts');
    await handlers.plan(context, options, command);
  });

  const explain = program
    .command('explain')
    .summary('show why a group has its size, and why nothing happens')
    .description(
      'Shows what each scaling policy of a group sees, wants and why, what limits it and how long it waits; the scheduled ' +
        'actions with their next times; what is suspended; and what the next check would do, or what keeps it from doing more.',
    )
    .argument('<group>', 'the auto scaling group');
  addOutput(explain, TABLES).action(async (group: string, options: OutputOptions, command: Command) => {
    const handlers = await import('../handlers/status.ts');
    await handlers.explain(context, group, options, command);
  });
}
