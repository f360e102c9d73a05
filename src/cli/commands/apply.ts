import { type Command, Option } from 'commander';
import type { Context } from '../context.ts';
import type { ApplyOptions } from '../handlers/apply.ts';
import { addOutput, NAMED_TABLES } from '../options/output.ts';
import { addWait } from '../options/wait.ts';

export function addApplyCommands(program: Command, context: Context): void {
  const apply = program
    .command('apply')
    .summary('show what a fleet file changes, and apply it')
    .description(
      'Shows what a fleet file would create, change in place, replace and destroy, asks, and applies it. Where a file owns the fleet, it has to be ' +
        'that file; where the API does, it becomes the next version of the fleet, and the file is read once and not followed.',
    )
    .argument('[fleet.yaml]', 'the fleet file (default: ./fleet.yaml)');
  addApplyOptions(apply).action(async (file: string | undefined, options: ApplyOptions, command: Command) => {
    const handlers = await import('../handlers/apply.ts');
    await handlers.apply(context, file, options, command);
  });

  const reload = program
    .command('reload')
    .summary('apply the changed fleet file that owns the fleet')
    .description(
      'Does what `drover apply` does, with the fleet file that the controller was started with: shows what it would change, asks, and applies it.',
    );
  addApplyOptions(reload).action(async (options: ApplyOptions, command: Command) => {
    const handlers = await import('../handlers/apply.ts');
    await handlers.reload(context, options, command);
  });
}

/** What every command has that changes the desired fleet. */
export function addApplyOptions(command: Command): Command {
  command
    .option('--yes', 'do not ask')
    .option('--plan', 'show what would change, and change nothing')
    .addOption(new Option('--dry-run', 'the same as --plan'))
    .option('--detailed-exitcode', 'with --plan: end with 6 where something would change');
  addOutput(command, NAMED_TABLES);
  return addWait(command, 'every group has as many servers in service as it should');
}
