import { type Command, InvalidArgumentError } from 'commander';
import type { Context } from '../context.ts';
import type { DrainOptions, SetDesiredOptions, TerminateOptions } from '../handlers/change.ts';
import { addWait } from '../options/wait.ts';

const AS_DESIRED = 'the group has as many servers in service as desired, and none on its way out';
const REPLACED = 'they are gone, and their groups have as many servers in service as desired';

export function addChangeCommands(program: Command, context: Context): void {
  const setDesired = program
    .command('set-desired')
    .summary('change how many servers a group has')
    .description('Sets the desired capacity of a group. It has to be within the minimum and maximum of the group.')
    .argument('<group>', 'the auto scaling group')
    .argument('<number>', 'the new desired capacity', wholeNumber)
    .option('--yes', 'do not ask before the last server goes');
  addWait(setDesired, AS_DESIRED).action(
    async (group: string, desired: number, options: SetDesiredOptions, command: Command) => {
      const handlers = await import('../handlers/change.ts');
      await handlers.setDesired(context, group, desired, options, command);
    },
  );

  const drain = program
    .command('drain')
    .summary('replace instances gracefully')
    .description(
      'Drains instances: each gets no new requests, its open ones finish, then it is terminated. ' +
        'The group launches another if it would have fewer than desired. The last server of a target group is drained only when ' +
        'its replacement serves, or with --force.',
    )
    .argument('<instance...>', 'the id of each, or the beginning of it')
    .option('--force', 'also where requests get 503 until the replacement serves');
  addWait(drain, REPLACED).action(async (prefixes: readonly string[], options: DrainOptions, command: Command) => {
    const handlers = await import('../handlers/change.ts');
    await handlers.drain(context, prefixes, options, command);
  });

  const terminate = program
    .command('terminate')
    .summary('terminate instances at once')
    .description('Asks, then terminates instances at once: open requests are cut. `drover drain` does it gracefully.')
    .argument('<instance...>', 'the id of each, or the beginning of it')
    .option('--yes', 'do not ask');
  addWait(terminate, REPLACED).action(
    async (prefixes: readonly string[], options: TerminateOptions, command: Command) => {
      const handlers = await import('../handlers/change.ts');
      await handlers.terminate(context, prefixes, options, command);
    },
  );
}

function wholeNumber(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It must be a whole number.');
}
