import { type Command, InvalidArgumentError } from 'commander';
import { SUSPENDABLE_PROCESSES, type SuspendableProcess } from '../../model/scaling-policy.ts';
import type { Context } from '../context.ts';

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
      const { suspend } = await import('../handlers/processes.ts');
      await suspend(context, group, processes, command);
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
      const { resume } = await import('../handlers/processes.ts');
      await resume(context, group, processes, command);
    });
}

/** AWS writes `AlarmNotification`; both are understood. */
function suspendable(text: string, before: readonly SuspendableProcess[] | undefined): readonly SuspendableProcess[] {
  const found = SUSPENDABLE_PROCESSES.find((name) => name.toLowerCase() === text.toLowerCase());
  if (found === undefined) throw new InvalidArgumentError(`The processes are ${NAMES}.`);
  return [...(before ?? []), found];
}
