import type { Command } from 'commander';
import { didYouMean } from '../../base/suggest.ts';
import { CliError } from '../actions.ts';
import { EXIT } from '../exit-codes.ts';

export function addHelpCommand(program: Command): void {
  program
    .command('help')
    .summary('print the help of a command')
    .description('Prints the help of a command, or of all of them.')
    .argument('[command...]', 'the command')
    .action((names: readonly string[]) => names.reduce(findCommand, program).outputHelp());
}

/** @throws CliError `usage` with what may be meant */
function findCommand(parent: Command, name: string): Command {
  const commands = parent.createHelp().visibleCommands(parent);
  const found = commands.find((command) => command.name() === name);
  if (found !== undefined) return found;
  const known = commands.map((command) => command.name());
  throw new CliError(EXIT.usage, `There is no command ${name}; ${didYouMean(name, known)}`);
}
