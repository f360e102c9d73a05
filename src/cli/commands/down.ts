import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import type { DownOptions } from '../handlers/down.ts';
import { timeout } from '../options/wait.ts';

export function addDownCommand(program: Command, context: Context): void {
  program
    .command('down')
    .summary('terminate everything that the fleet owns')
    .description(
      'Asks, then drains and terminates every server of the fleet, then its load balancers and its controller. It shows the ' +
        'progress until all is gone. If no controller is running, one is started for it.',
    )
    .argument('[fleet.yaml]', 'the fleet file, where no controller is running (default: ./fleet.yaml)')
    .option('--yes', 'do not ask')
    .option(
      '--timeout <duration>',
      `wait at most so long (default: without end), then end with ${EXIT.timedOut}`,
      timeout,
    )
    .action(async (file: string | undefined, options: DownOptions, command: Command) => {
      const { down } = await import('../handlers/down.ts');
      await down(context, file, options, command);
    });
}
