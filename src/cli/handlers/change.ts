import type { Command } from 'commander';
import { count } from '../../base/plural.ts';
import { LIFECYCLE } from '../../model/lifecycle.ts';
import type { FleetStatus, GroupStatus, InstanceStatus } from '../../views/status.ts';
import { confirm } from '../confirm.ts';
import { type Context, findInstance, print, programOf, withClient } from '../context.ts';

export async function setDesired(
  context: Context,
  group: string,
  desired: number,
  yes: boolean,
  command: Command,
): Promise<void> {
  const { before, after } = await withClient(context, command, async (client, signal) => {
    if (desired === 0 && mayStopServing(group, await client.status(signal))) {
      await confirm(context, `Drain all servers of ${group}? Its requests get 503 then.`, yes);
    }
    return client.setDesiredCapacity(group, desired, signal);
  });
  const unchanged = `Desired capacity of ${group} is ${after} already.`;
  print(context, before === after ? unchanged : `Desired capacity of ${group}: ${before} before, ${after} now.`);
}

export async function drain(context: Context, prefix: string, force: boolean, command: Command): Promise<void> {
  const begun = await withClient(context, command, async (client, signal) => {
    const { id } = await findInstance(client, prefix, signal);
    const { waitsFor } = await client.drainInstance(id, force, signal);
    return waitsFor ?? `Draining ${id}.`;
  });
  print(context, `${begun} \`${programOf(command)} status\` shows how it goes.`);
}

export async function terminate(context: Context, prefix: string, yes: boolean, command: Command): Promise<void> {
  const instance = await withClient(context, command, async (client, signal) => {
    const found = await findInstance(client, prefix, signal);
    const { groups } = await client.status(signal);
    const open = found.targets.reduce((sum, { openRequests }) => sum + openRequests, 0);
    const requests =
      open === 0 ? 'It has no open requests.' : `It has ${count(open, 'open request')}, which would be cut.`;
    const price = isLast(found, groups)
      ? ' It is the last server in service: requests get 503 until another one is.'
      : '';
    await confirm(context, `Terminate ${found.id} of ${found.group} at once? ${requests}${price}`, yes);
    // What it costs was asked.
    await client.terminateInstance(found.id, true, signal);
    return found;
  });
  print(context, `Terminating ${instance.id}.`);
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
