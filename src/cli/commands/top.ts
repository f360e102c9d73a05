import type { Command } from 'commander';
import type { Context } from '../context.ts';

export function addTopCommand(program: Command, context: Context): void {
  program
    .command('top')
    .summary('look into groups and instances live, with keys')
    .description(
      'Shows the fleet live on the whole screen: choose a group or an instance with the arrow keys and look into it with Enter; / filters, s sorts, ' +
        '? lists the keys, q ends it.',
    )
    .action(async (_options: object, command: Command) => {
      const { top } = await import('../handlers/top.ts');
      await top(context, command);
    });
}
