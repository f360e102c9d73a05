import type { Command } from 'commander';
import type { ApiClient } from '../../api/client.ts';
import { count } from '../../base/plural.ts';
import { LIFECYCLE } from '../../model/lifecycle.ts';
import type { FleetStatus, GroupStatus, InstanceStatus } from '../../views/status.ts';
import { confirm } from '../confirm.ts';
import { type Context, findInstance, print, programOf, say, withClient } from '../context.ts';
import { Outcomes } from '../each.ts';
import { type WaitOptions, waits } from '../options/wait.ts';
import { STATE_WORDS } from '../render/instances.ts';
import { groupsRemaining, type Remaining, waitUntilDone } from '../wait.ts';

export interface SetDesiredOptions extends WaitOptions {
  readonly yes?: true;
}

export interface DrainOptions extends WaitOptions {
  readonly force?: true;
}

export interface TerminateOptions extends WaitOptions {
  readonly yes?: true;
}

export async function setDesired(
  context: Context,
  group: string,
  desired: number,
  options: SetDesiredOptions,
  command: Command,
): Promise<void> {
  await withClient(context, command, async (client, signal) => {
    if (desired === 0 && mayStopServing(group, await client.status(signal))) {
      await confirm(context, `Drain all servers of ${group}? Its requests get 503 then.`, options.yes === true);
    }
    const { before, after } = await client.setDesiredCapacity(group, desired, signal);
    const unchanged = `Desired capacity of ${group} is ${after} already.`;
    print(context, before === after ? unchanged : `Desired capacity of ${group}: ${before} before, ${after} now.`);
    if (!waits(options)) return;
    await waitUntilDone(context, client, options, groupsRemaining(new Set([group])));
    say(context, `Group ${group} is as it should be.`);
  });
}

export async function drain(
  context: Context,
  prefixes: readonly string[],
  options: DrainOptions,
  command: Command,
): Promise<void> {
  const program = programOf(command);
  await withClient(context, command, async (client, signal) => {
    const outcomes = new Outcomes(context, program, prefixes.length);
    const instances = await findEach(client, prefixes, outcomes, signal);
    const begun: InstanceStatus[] = [];
    for (const instance of instances) {
      const { id } = instance;
      const answer = await outcomes.of(() => client.drainInstance(id, options.force === true, signal));
      if (answer === null) continue;
      begun.push(instance);
      const follow = waits(options) ? '' : ` \`${program} status\` shows how it goes.`;
      print(context, `${answer.waitsFor ?? `Draining ${id}.`}${follow}`);
    }
    await waitForEnd(context, client, begun, options, outcomes);
    outcomes.end();
  });
}

export async function terminate(
  context: Context,
  prefixes: readonly string[],
  options: TerminateOptions,
  command: Command,
): Promise<void> {
  await withClient(context, command, async (client, signal) => {
    const outcomes = new Outcomes(context, programOf(command), prefixes.length);
    const instances = await findEach(client, prefixes, outcomes, signal);
    if (instances.length > 0) {
      const { groups } = await client.status(signal);
      await confirm(context, terminateQuestion(instances, groups), options.yes === true);
    }
    const begun: InstanceStatus[] = [];
    for (const instance of instances) {
      // What it costs was asked.
      const act = () => client.terminateInstance(instance.id, true, signal).then(() => instance);
      if ((await outcomes.of(act)) === null) continue;
      begun.push(instance);
      print(context, `Terminating ${instance.id}.`);
    }
    await waitForEnd(context, client, begun, options, outcomes);
    outcomes.end();
  });
}

/** Each instance that is meant, once. */
async function findEach(
  client: ApiClient,
  prefixes: readonly string[],
  outcomes: Outcomes,
  signal: AbortSignal,
): Promise<readonly InstanceStatus[]> {
  const found = new Map<string, InstanceStatus>();
  for (const prefix of prefixes) {
    const instance = await outcomes.of(() => findInstance(client, prefix, signal));
    if (instance !== null) found.set(instance.id, instance);
  }
  return [...found.values()];
}

function terminateQuestion(instances: readonly InstanceStatus[], groups: readonly GroupStatus[]): string {
  const open = instances.flatMap(({ targets }) => targets).reduce((sum, { openRequests }) => sum + openRequests, 0);
  const [only, another] = instances;
  const isOne = only !== undefined && another === undefined;
  const many = [...Map.groupBy(instances, ({ group }) => group)].map(([group, of]) => `${of.length} of ${group}`);
  const what = isOne ? `${only.id} of ${only.group}` : `${count(instances.length, 'instance')} (${many.join(', ')})`;
  const they = isOne ? 'It has' : 'They have';
  const requests =
    open === 0 ? `${they} no open requests.` : `${they} ${count(open, 'open request')}, which would be cut.`;
  const last = groups.filter((group) => areLast(instances, group)).map(({ name }) => name);
  const price = isOne
    ? ' It is the last server in service: requests get 503 until another one is.'
    : ` These are the last servers in service of ${last.join(', ')}: requests get 503 until others are.`;
  return `Terminate ${what} at once? ${requests}${last.length === 0 ? '' : price}`;
}

/** Waits until instances are gone and replaced. */
async function waitForEnd(
  context: Context,
  client: ApiClient,
  instances: readonly InstanceStatus[],
  options: WaitOptions,
  outcomes: Outcomes,
): Promise<void> {
  if (!waits(options) || instances.length === 0) return;
  const ids = new Set(instances.map(({ id }) => id));
  const groupsDone = groupsRemaining(new Set(instances.map(({ group }) => group)));
  const remaining: Remaining = async (source, signal) => {
    const { groups } = await source.status(signal);
    const left = groups.flatMap((group) => group.instances).filter(({ id }) => ids.has(id));
    if (left.length > 0) return `${left.map(({ id, state }) => `${id} is ${STATE_WORDS[state]}`).join(', ')}.`;
    return groupsDone(source, signal);
  };
  const isDone = await outcomes.of(() => waitUntilDone(context, client, options, remaining).then(() => true));
  if (isDone === true)
    say(context, `${instances.map(({ id }) => id).join(', ')}: gone, and replaced as far as needed.`);
}

/** Whether size 0 would end the last server that has traffic: a group whose minimum is higher refuses it. */
function mayStopServing(group: string, { groups }: FleetStatus): boolean {
  return groups.some(
    ({ name, minSize, instances }) =>
      name === group && minSize === 0 && instances.some(({ targets }) => targets.length > 0),
  );
}

/** Whether no server of a group would be left that serves its target groups. */
function areLast(ending: readonly InstanceStatus[], { name, instances }: GroupStatus): boolean {
  const ids = new Set(ending.map(({ id }) => id));
  return (
    ending.some(({ group, targets }) => group === name && targets.length > 0) &&
    !instances.some(({ id, state, health }) => !ids.has(id) && LIFECYCLE[state].serves && health !== 'unhealthy')
  );
}
