import { Argument, type Command } from 'commander';
import { SHELLS, type Shell, scriptOf } from '../complete/scripts.ts';
import { type Context, print } from '../context.ts';

export function addCompletionCommands(program: Command, context: Context): void {
  program
    .command('completion')
    .summary('print what a shell needs to complete commands')
    .description(
      'Prints a script that makes bash, zsh or fish complete commands, options, and the names of groups and instances of the running fleet. ' +
        'Its first lines say where to put it.',
    )
    .addArgument(new Argument('<shell>', 'the shell').choices(SHELLS))
    .action((shell: Shell) => print(context, scriptOf(shell).trimEnd()));

  program
    .command('complete', { hidden: true })
    .summary('what the scripts of `drover completion` ask')
    .argument('[word...]', 'the line, with the name of the program, up to the cursor')
    .option('--line <text>', 'the same in one piece')
    .action(async (words: readonly string[], { line }: { line?: string }) => {
      const handlers = await import('../handlers/complete.ts');
      await handlers.printCandidates(context, program, line ?? words);
    });
}
