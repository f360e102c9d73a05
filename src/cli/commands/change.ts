import { type Command, InvalidArgumentError } from 'commander';
import type { Context } from '../context.ts';

export function addChangeCommands(program: Command, context: Context): void {
  program
    .command('set-desired')
    .summary('change how many servers a group has')
    .description('Sets the desired capacity of a group. It has to be within the minimum and maximum of the group.')
    .argument('<group>', 'the auto scaling group')
    .argument('<number>', 'the new desired capacity', wholeNumber)
    .option('--yes', 'do not ask before the last server goes')
    .action(async (group: string, desired: number, options: { yes?: true }, command: Command) => {
      const { setDesired } = await import('../handlers/change.ts');
      await setDesired(context, group, desired, options.yes === true, command);
    });

  program
    .command('drain')
    .summary('replace an instance gracefully')
    .description(
      'Drains an instance: it gets no new requests, its open ones finish, then it is terminated. ' +
        'The group launches another if it would have fewer than desired. The last server of a target group is drained only when ' +
        'its replacement serves, or with --force.',
    )
    .argument('<instance>', 'its id, or the beginning of it')
    .option('--force', 'also where requests get 503 until the replacement serves')
    .action(async (prefix: string, options: { force?: true }, command: Command) => {
      const { drain } = await import('../handlers/change.ts');
      await drain(context, prefix, options.force === true, command);
    });

  program
    .command('terminate')
    .summary('terminate an instance at once')
    .description(
      'Asks, then terminates an instance at once: its open requests are cut. `drover drain` does it gracefully.',
    )
    .argument('<instance>', 'its id, or the beginning of it')
    .option('--yes', 'do not ask')
    .action(async (prefix: string, options: { yes?: true }, command: Command) => {
      const { terminate } = await import('../handlers/change.ts');
      await terminate(context, prefix, options.yes === true, command);
    });
}

function wholeNumber(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It must be a whole number.');
}
