import { type Command, InvalidArgumentError } from 'commander';
import { confirm } from '../confirm.ts';
import { type Context, findInstance, print, withClient } from '../context.ts';

export function addChangeCommands(program: Command, context: Context): void {
  program
    .command('set-desired')
    .summary('change how many servers a group has')
    .description('Sets the desired capacity of a group. It has to be within the minimum and maximum of the group.')
    .argument('<group>', 'the auto scaling group')
    .argument('<number>', 'the new desired capacity', wholeNumber)
    .action(async (group: string, desired: number, _options: object, command: Command) => {
      const { before, after } = await withClient(context, command, (client, signal) =>
        client.setDesiredCapacity(group, desired, signal),
      );
      const unchanged = `Desired capacity of ${group} is ${after} already.`;
      print(context, before === after ? unchanged : `Desired capacity of ${group}: ${before} before, ${after} now.`);
    });

  program
    .command('drain')
    .summary('replace an instance gracefully')
    .description(
      'Takes an instance out gracefully: it gets no new requests, its open ones finish, then it is ended. ' +
        'The group launches another if it would have fewer than desired.',
    )
    .argument('<instance>', 'its id, or the beginning of it')
    .action(async (prefix: string, _options: object, command: Command) => {
      const instance = await withClient(context, command, async (client, signal) => {
        const found = await findInstance(client, prefix, signal);
        await client.drainInstance(found.id, signal);
        return found;
      });
      print(context, `Draining ${instance.id}. \`drover status\` shows how it goes.`);
    });

  program
    .command('terminate')
    .summary('end an instance at once')
    .description(
      'Ends an instance at once, after asking: its open requests are cut. `drover drain` does it gracefully.',
    )
    .argument('<instance>', 'its id, or the beginning of it')
    .option('--yes', 'do not ask')
    .action(async (prefix: string, options: { yes?: true }, command: Command) => {
      const instance = await withClient(context, command, async (client, signal) => {
        const found = await findInstance(client, prefix, signal);
        const open = found.targets.reduce((sum, { openRequests }) => sum + openRequests, 0);
        const question = `End ${found.id} of ${found.group} at once? It has ${open} open requests, which would be cut.`;
        await confirm(context, question, options.yes === true);
        await client.terminateInstance(found.id, signal);
        return found;
      });
      print(context, `Ending ${instance.id}.`);
    });
}

function wholeNumber(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It is a whole number.');
}
