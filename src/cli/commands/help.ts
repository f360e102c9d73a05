import type { Command } from 'commander';
import { didYouMean } from '../../base/suggest.ts';
import { CliError } from '../actions.ts';
import { EXIT } from '../exit-codes.ts';

export function addHelpCommand(program: Command): void {
  program
    .command('help')
    .summary('print the help of a command')
    .description('Prints the help of a command, or of all of them.')
    .argument('[command]', 'the command')
    .action((name: string | undefined) => {
      if (name === undefined) return program.outputHelp();
      const names = program.commands.map((command) => command.name());
      const found = program.commands.find((command) => command.name() === name);
      if (found === undefined) {
        throw new CliError(EXIT.usage, `There is no command ${name}; ${didYouMean(name, names)}`);
      }
      found.outputHelp();
    });
}
