import { type Command, InvalidArgumentError } from 'commander';
import { LIFECYCLE } from '../../model/lifecycle.ts';
import type { FleetStatus, GroupStatus, InstanceStatus } from '../../views/status.ts';
import { confirm } from '../confirm.ts';
import { type Context, findInstance, print, withClient } from '../context.ts';
import { count } from '../render/units.ts';

export function addChangeCommands(program: Command, context: Context): void {
  program
    .command('set-desired')
    .summary('change how many servers a group has')
    .description('Sets the desired capacity of a group. It has to be within the minimum and maximum of the group.')
    .argument('<group>', 'the auto scaling group')
    .argument('<number>', 'the new desired capacity', wholeNumber)
    .option('--yes', 'do not ask before the last server goes')
    .action(async (group: string, desired: number, options: { yes?: true }, command: Command) => {
      const { before, after } = await withClient(context, command, async (client, signal) => {
        if (desired === 0 && mayStopServing(group, await client.status(signal))) {
          await confirm(context, `Drain all servers of ${group}? Its requests get 503 then.`, options.yes === true);
        }
        return client.setDesiredCapacity(group, desired, signal);
      });
      const unchanged = `Desired capacity of ${group} is ${after} already.`;
      print(context, before === after ? unchanged : `Desired capacity of ${group}: ${before} before, ${after} now.`);
    });

  program
    .command('drain')
    .summary('replace an instance gracefully')
    .description(
      'Takes an instance out gracefully: it gets no new requests, its open ones finish, then it is ended. ' +
        'The group launches another if it would have fewer than desired. The last server of a target group is drained only when ' +
        'its replacement serves, or with --force.',
    )
    .argument('<instance>', 'its id, or the beginning of it')
    .option('--force', 'also where requests get 503 until the replacement serves')
    .action(async (prefix: string, options: { force?: true }, command: Command) => {
      const begun = await withClient(context, command, async (client, signal) => {
        const { id } = await findInstance(client, prefix, signal);
        const { waitsFor } = await client.drainInstance(id, options.force === true, signal);
        return waitsFor ?? `Draining ${id}.`;
      });
      print(context, `${begun} \`drover status\` shows how it goes.`);
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
        const { groups } = await client.status(signal);
        const open = found.targets.reduce((sum, { openRequests }) => sum + openRequests, 0);
        const requests =
          open === 0 ? 'It has no open requests.' : `It has ${count(open, 'open request')}, which would be cut.`;
        const price = isLast(found, groups)
          ? ' It is the last server in service: requests get 503 until another one is.'
          : '';
        await confirm(context, `End ${found.id} of ${found.group} at once? ${requests}${price}`, options.yes === true);
        // What it costs was asked.
        await client.terminateInstance(found.id, true, signal);
        return found;
      });
      print(context, `Ending ${instance.id}.`);
    });
}

/** Whether size 0 would end the last server that has traffic: a group whose minimum is higher refuses it. */
function mayStopServing(group: string, { groups }: FleetStatus): boolean {
  return groups.some(
    ({ name, minSize, instances }) =>
      name === group && minSize === 0 && instances.some(({ targets }) => targets.length > 0),
  );
}

/** Whether no other server of the group serves its target groups. */
function isLast({ id, group, targets }: InstanceStatus, groups: readonly GroupStatus[]): boolean {
  const others = groups.find(({ name }) => name === group)?.instances ?? [];
  return (
    targets.length > 0 &&
    !others.some((one) => one.id !== id && LIFECYCLE[one.state].serves && one.health !== 'unhealthy')
  );
}

function wholeNumber(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It must be a whole number.');
}
