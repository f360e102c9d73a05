import { type Command, InvalidArgumentError } from 'commander';
import type { Context } from '../context.ts';
import type { ApplyOptions } from '../handlers/apply.ts';
import { addOutput, NAMED_TABLES, type OutputOptions, TEXTS } from '../options/output.ts';
import { addApplyOptions } from './apply.ts';

/** Everything about the desired fleet and its versions. */
export function addVersionCommands(program: Command, context: Context): void {
  const fleet = program
    .command('fleet')
    .summary('list, show, compare and bring back versions of the fleet')
    .description(
      'Each change of the fleet is a version. Where a file owns the fleet, it is changed there; without a file (`drover run --data <folder>`) ' +
        'any file is made its next version. `drover apply` does both, and `drover fleet rollback` brings one back where no file owns the fleet.',
    );

  const versions = fleet
    .command('versions')
    .summary('list the versions of the fleet')
    .description('Lists the versions of the fleet that are kept, the newest first, each with where it came from.');
  addOutput(versions, NAMED_TABLES).action(async (options: OutputOptions, command: Command) => {
    const handlers = await import('../handlers/versions.ts');
    await handlers.versions(context, options, command);
  });

  const show = fleet
    .command('show')
    .summary('print a version of the fleet')
    .description('Prints a version of the fleet as a fleet file. What may be a secret is not shown.')
    .argument('[version]', 'its number (default: the one in force)', versionNumber);
  addOutput(show, TEXTS).action(async (number: number | undefined, options: OutputOptions, command: Command) => {
    const handlers = await import('../handlers/versions.ts');
    await handlers.show(context, number, options, command);
  });

  const diff = fleet
    .command('diff')
    .summary('show what differs between two versions of the fleet')
    .description('Shows what differs between two versions of the fleet, and what applying each difference does.')
    .argument('[from]', 'the number of the one before (default: the one before the one in force)', versionNumber)
    .argument('[to]', 'the number of the one after (default: the one in force)', versionNumber);
  addOutput(diff, NAMED_TABLES).action(
    async (from: number | undefined, to: number | undefined, options: OutputOptions, command: Command) => {
      const handlers = await import('../handlers/versions.ts');
      await handlers.diff(context, { from, to }, options, command);
    },
  );

  const rollback = fleet
    .command('rollback')
    .summary('bring an earlier version of the fleet back')
    .description('Shows what an earlier version would change, asks, and makes it the next version of the fleet.')
    .argument('<version>', 'its number', versionNumber);
  addApplyOptions(rollback).action(async (number: number, options: ApplyOptions, command: Command) => {
    const handlers = await import('../handlers/apply.ts');
    await handlers.rollback(context, number, options, command);
  });
}

function versionNumber(text: string): number {
  if (!/^[1-9]\d{0,14}$/.test(text)) throw new InvalidArgumentError('It has to be the number of a version.');
  return Number(text);
}
