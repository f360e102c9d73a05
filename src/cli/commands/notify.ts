import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { addOutput, NAMED_TABLES, type OutputOptions } from '../options/output.ts';

/** Destinations of notifications. */
export function addNotifyCommands(program: Command, context: Context): void {
  const notify = program
    .command('notify')
    .summary('list and test the destinations of notifications')
    .description('The destinations are described in the fleet file, under `notifications`.');

  const list = notify
    .command('list')
    .summary('list the destinations of notifications')
    .description('Lists the destinations of notifications, each with its last delivery, its error and what waits.');
  addOutput(list, NAMED_TABLES).action(async (options: OutputOptions, command: Command) => {
    const handlers = await import('../handlers/notify.ts');
    await handlers.list(context, options, command);
  });

  notify
    .command('test')
    .summary('send a test message')
    .description('Sends a test message to a destination, now, and says why if it was not taken.')
    .argument('<name>', 'the name of the destination')
    .action(async (name: string, _options: object, command: Command) => {
      const handlers = await import('../handlers/notify.ts');
      await handlers.test(context, name, command);
    });
}
