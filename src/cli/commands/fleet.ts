import type { Command } from 'commander';
import { type Context, printJson } from '../context.ts';
import { addOutput, type OutputOptions, TEXTS } from '../options/output.ts';

export function addFleetCommands(program: Command, context: Context): void {
  const validate = program
    .command('validate')
    .summary('check a fleet file')
    .description(
      'Checks a fleet file without doing anything. Errors name the line, the value, and what would be right.',
    )
    .argument('[fleet.yaml]', 'the fleet file (default: ./fleet.yaml)');
  addOutput(validate, TEXTS).action(async (file: string | undefined, options: OutputOptions, command: Command) => {
    const handlers = await import('../handlers/validate.ts');
    await handlers.validate(context, file, options, command);
  });

  program
    .command('schema')
    .summary('print the JSON Schema of fleet files')
    .description(
      'Prints the JSON Schema of fleet files, for editors that complete and check them while they are written.',
    )
    .action(async () => printJson(context, await context.actions.jsonSchema(), 2));
}
