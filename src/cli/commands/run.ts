import type { Command } from 'commander';
import type { Context } from '../context.ts';

export function addRunCommands(program: Command, context: Context): void {
  program
    .command('run')
    .summary('run the controller of a fleet')
    .description(
      'Runs the controller of a fleet until it is interrupted. On a terminal it shows a live view, elsewhere a line for each ' +
        'activity. An interrupt ends only the controller: HAProxy and the servers keep running, and the next run takes them over. SIGHUP reloads ' +
        'the fleet file.',
    )
    .argument('[fleet.yaml]', 'the fleet file (default: ./fleet.yaml; without one, the API owns the fleet)')
    .option('--plain', 'a line for each activity, also on a terminal')
    .action(async (file: string | undefined, options: { plain?: true }, command: Command) => {
      const { run } = await import('../handlers/run.ts');
      await run(context, file, options.plain === true, command);
    });

  program
    .command('demo')
    .summary('run the example fleet and say what to try')
    .description(
      'Runs the example fleet with a live view and hints what to try. Ctrl-C terminates all that it started.',
    )
    .option('--plain', 'a line for each activity, also on a terminal')
    .action(async (options: { plain?: true }, command: Command) => {
      const { demo } = await import('../handlers/run.ts');
      await demo(context, options.plain === true, command);
    });
}
