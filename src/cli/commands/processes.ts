import { type Command, InvalidArgumentError } from 'commander';
import { type ApiClient, ApiError } from '../../api/client.ts';
import { SUSPENDABLE_PROCESSES, type SuspendableProcess } from '../../model/scaling-policy.ts';
import { type Context, print, withClient } from '../context.ts';

const NAMES = SUSPENDABLE_PROCESSES.join(', ');

export function addProcessCommands(program: Command, context: Context): void {
  program
    .command('suspend')
    .summary("switch parts of a group's work off")
    .description(
      `Switches parts of a group's work off until they are resumed: ${NAMES}. Everything else goes on, and the switches ` +
        'survive a restart of the controller.',
    )
    .argument('<group>', 'the auto scaling group')
    .argument('<process...>', 'what to switch off', suspendable)
    .action(async (group: string, processes: readonly SuspendableProcess[], _options: object, command: Command) => {
      const suspended = await withClient(context, command, (client, signal) =>
        client.suspendProcesses(group, processes, signal),
      );
      print(context, inWords(group, suspended));
    });

  program
    .command('resume')
    .summary("switch parts of a group's work on again, or let it launch again")
    .description(
      'With processes: switches them on again. Without: lets the group launch again after launching was suspended because of ' +
        'repeated failures.',
    )
    .argument('<group>', 'the auto scaling group')
    .argument('[process...]', 'what to switch on', suspendable)
    .action(async (group: string, processes: readonly SuspendableProcess[], _options: object, command: Command) => {
      if (processes.length > 0) {
        const suspended = await withClient(context, command, (client, signal) =>
          client.resumeProcesses(group, processes, signal),
        );
        return print(context, inWords(group, suspended));
      }
      print(context, await withClient(context, command, (client, signal) => resumeLaunching(client, group, signal)));
    });
}

async function resumeLaunching(client: ApiClient, group: string, signal: AbortSignal): Promise<string> {
  try {
    await client.resumeLaunch(group, signal);
    return `Group ${group} launches again.`;
  } catch (error) {
    if (!(error instanceof ApiError && error.code === 'conflict')) throw error;
    // Launching waits for nothing: what was asked for is so already.
    const { groups } = await client.status(signal);
    return inWords(group, groups.find(({ name }) => name === group)?.suspendedProcesses ?? []);
  }
}

function inWords(group: string, suspended: readonly SuspendableProcess[]): string {
  if (suspended.length === 0) return `Nothing is suspended in group ${group}.`;
  return `Suspended in group ${group}: ${suspended.join(', ')}. Switch on again with \`drover resume ${group} ${suspended.join(' ')}\`.`;
}

/** AWS writes `AlarmNotification`; both are understood. */
function suspendable(text: string, before: readonly SuspendableProcess[] | undefined): readonly SuspendableProcess[] {
  const found = SUSPENDABLE_PROCESSES.find((name) => name.toLowerCase() === text.toLowerCase());
  if (found === undefined) throw new InvalidArgumentError(`The processes are ${NAMES}.`);
  return [...(before ?? []), found];
}
