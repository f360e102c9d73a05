import { type Command, InvalidArgumentError } from 'commander';
import { SUSPENDABLE_PROCESSES, type SuspendableProcess } from '../../model/scaling-policy.ts';
import type { Context } from '../context.ts';
import { addWait, type WaitOptions } from '../options/wait.ts';

const NAMES = SUSPENDABLE_PROCESSES.join(', ');

export function addProcessCommands(program: Command, context: Context): void {
  program
    .command('suspend')
    .summary('suspend processes of a group')
    .description(
      `Suspends processes of a group (parts of its work) until they are resumed: ${NAMES}. Everything else goes on, and a suspension ` +
        'survives a restart of the controller.',
    )
    .argument('<group>', 'the auto scaling group')
    .argument('<process...>', 'what to suspend', suspendable)
    .action(async (group: string, processes: readonly SuspendableProcess[], _options: object, command: Command) => {
      const { suspend } = await import('../handlers/processes.ts');
      await suspend(context, group, processes, command);
    });

  const resume = program
    .command('resume')
    .summary('resume processes of a group, or its launching after failures')
    .description(
      'With processes: resumes them. Without: lets the group launch again after launching was suspended because of ' +
        'repeated failures.',
    )
    .argument('<group>', 'the auto scaling group')
    .argument('[process...]', 'what to resume', suspendable);
  addWait(resume, 'the group has as many servers in service as desired').action(
    async (group: string, processes: readonly SuspendableProcess[], options: WaitOptions, command: Command) => {
      const handlers = await import('../handlers/processes.ts');
      await handlers.resume(context, group, processes, options, command);
    },
  );
}

/** AWS writes `AlarmNotification`; both are understood. */
function suspendable(text: string, before: readonly SuspendableProcess[] | undefined): readonly SuspendableProcess[] {
  const found = SUSPENDABLE_PROCESSES.find((name) => name.toLowerCase() === text.toLowerCase());
  if (found === undefined) throw new InvalidArgumentError(`The processes are ${NAMES}.`);
  return [...(before ?? []), found];
}
