import type { Command } from 'commander';
import { type Context, printJson } from '../context.ts';

export function addFleetCommands(program: Command, context: Context): void {
  program
    .command('validate')
    .summary('check a fleet file')
    .description(
      'Checks a fleet file without doing anything. Errors name the line, the value, and what would be right.',
    )
    .argument('[fleet.yaml]', 'the fleet file (default: ./fleet.yaml)')
    .action(async (file: string | undefined) => {
      const { validate } = await import('../handlers/validate.ts');
      await validate(context, file);
    });

  program
    .command('reload')
    .summary('apply the changed fleet file')
    .description('Shows what the fleet file on disk would change, asks, and applies it to the running controller.')
    .option('--yes', 'do not ask')
    .action(async (options: { yes?: true }, command: Command) => {
      const { reload } = await import('../handlers/reload.ts');
      await reload(context, options.yes === true, command);
    });

  program
    .command('schema')
    .summary('print the JSON Schema of fleet files')
    .description(
      'Prints the JSON Schema of fleet files, for editors that complete and check them while they are written.',
    )
    .action(async () => printJson(context, await context.actions.jsonSchema(), 2));
}
