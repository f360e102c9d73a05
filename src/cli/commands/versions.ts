import { type Command, InvalidArgumentError } from 'commander';
import type { Context } from '../context.ts';

/** Everything about the desired fleet and its versions. */
export function addVersionCommands(program: Command, context: Context): void {
  const fleet = program
    .command('fleet')
    .summary('list, show, compare, apply and bring back versions of the fleet')
    .description(
      'Each change of the fleet is a version. Where a file owns the fleet, it is changed there and applied with `drover reload`; without ' +
        'a file (`drover run --data <folder>`) it is changed with `drover fleet apply` and `drover fleet rollback`.',
    );

  fleet
    .command('versions')
    .summary('list the versions of the fleet')
    .description('Lists the versions of the fleet that are kept, the newest first, each with where it came from.')
    .option('--json', 'as JSON')
    .action(async (options: { json?: true }, command: Command) => {
      const { versions } = await import('../handlers/versions.ts');
      await versions(context, options.json === true, command);
    });

  fleet
    .command('show')
    .summary('print a version of the fleet')
    .description('Prints a version of the fleet as a fleet file. What may be a secret is not shown.')
    .argument('[version]', 'its number (default: the one in force)', versionNumber)
    .option('--json', 'as JSON')
    .action(async (number: number | undefined, options: { json?: true }, command: Command) => {
      const { show } = await import('../handlers/versions.ts');
      await show(context, number, options.json === true, command);
    });

  fleet
    .command('diff')
    .summary('show what differs between two versions of the fleet')
    .description('Shows what differs between two versions of the fleet, and what applying each difference does.')
    .argument('[from]', 'the number of the one before (default: the one before the one in force)', versionNumber)
    .argument('[to]', 'the number of the one after (default: the one in force)', versionNumber)
    .option('--json', 'as JSON')
    .action(async (from: number | undefined, to: number | undefined, options: { json?: true }, command: Command) => {
      const { diff } = await import('../handlers/versions.ts');
      await diff(context, { from, to, json: options.json === true }, command);
    });

  fleet
    .command('apply')
    .summary('apply a fleet file where the API owns the fleet')
    .description('Shows what a fleet file would change, asks, and makes it the next version of the fleet.')
    .argument('<file>', 'the fleet file, which is read once and not followed')
    .option('--yes', 'do not ask')
    .action(async (file: string, options: { yes?: true }, command: Command) => {
      const { apply } = await import('../handlers/versions.ts');
      await apply(context, file, options.yes === true, command);
    });

  fleet
    .command('rollback')
    .summary('bring an earlier version of the fleet back')
    .description('Shows what an earlier version would change, asks, and makes it the next version of the fleet.')
    .argument('<version>', 'its number', versionNumber)
    .option('--yes', 'do not ask')
    .action(async (number: number, options: { yes?: true }, command: Command) => {
      const { rollback } = await import('../handlers/versions.ts');
      await rollback(context, number, options.yes === true, command);
    });
}

function versionNumber(text: string): number {
  if (!/^[1-9]\d{0,14}$/.test(text)) throw new InvalidArgumentError('It has to be the number of a version.');
  return Number(text);
}
