import { Command, CommanderError } from 'commander';
import { ApiError } from '../api/client.ts';
import { formatErrors } from '../fleet/file/errors.ts';
import { type CliActions, CliError, InvalidFleetFile } from './actions.ts';
import { addActivitiesCommand } from './commands/activities.ts';
import { addChangeCommands } from './commands/change.ts';
import { addDownCommand } from './commands/down.ts';
import { addFleetCommands } from './commands/fleet.ts';
import { addProcessCommands } from './commands/processes.ts';
import { addRunCommands } from './commands/run.ts';
import { addSimulateCommand } from './commands/simulate.ts';
import { addStatusCommands } from './commands/status.ts';
import type { Context } from './context.ts';
import { EXIT, EXIT_CODES_HELP, type ExitCode } from './exit-codes.ts';
import { clean } from './render/text.ts';
import { type Terminal, wantsColor } from './terminal.ts';

/** The commands; every one of them throws what it fails with. */
export function createProgram(actions: CliActions, terminal: Terminal): Command {
  const context: Context = { actions, terminal };
  const program = new Command('drover')
    .description('Target groups, load balancers and auto scaling groups for any infrastructure, on HAProxy.')
    .version(actions.version, '--version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [command]', 'print the help of a command')
    .option('--data <folder>', 'the data folder (default: $DROVER_DATA, else .drover beside the fleet file)')
    .showHelpAfterError('`drover --help` lists the commands and options.')
    .addHelpText('after', `\n${EXIT_CODES_HELP}`)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.stdout.write(text),
      writeErr: (text) => terminal.stderr.write(text),
    });
  addRunCommands(program, context);
  addStatusCommands(program, context);
  addActivitiesCommand(program, context);
  addChangeCommands(program, context);
  addProcessCommands(program, context);
  addFleetCommands(program, context);
  addSimulateCommand(program, context);
  addDownCommand(program, context);
  return program;
}

/** Runs one command to its end. Errors become a sentence on standard error. @returns the exit code */
export async function runCli(args: readonly string[], actions: CliActions, terminal: Terminal): Promise<ExitCode> {
  try {
    await createProgram(actions, terminal).parseAsync(args, { from: 'user' });
    return EXIT.ok;
  } catch (error) {
    // Commander has said it already.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    if (!(error instanceof CliError) && terminal.interrupted.aborted) {
      // The shell's prompt does not belong behind an unanswered question.
      if (terminal.stderr.isTTY === true) terminal.stderr.write('\n');
      return EXIT.interrupted;
    }
    terminal.stderr.write(`${describe(error, terminal)}\n`);
    return exitCode(error);
  }
}

function describe(error: unknown, { stderr, env }: Terminal): string {
  if (error instanceof InvalidFleetFile) {
    const many = error.errors.length === 1 ? 'an error' : `${error.errors.length} errors`;
    const head = `drover: The fleet file has ${many}; nothing was changed.`;
    return `${formatErrors(error.errors, { color: wantsColor(stderr, env) })}\n${head}`;
  }
  const message = error instanceof Error ? error.message : String(error);
  return `drover: ${message.split('\n').map(clean).join('\n')}`;
}

function exitCode(error: unknown): ExitCode {
  if (error instanceof CliError) return error.exitCode;
  if (!(error instanceof ApiError)) return EXIT.failed;
  switch (error.code) {
    case 'notRunning':
      return EXIT.notRunning;
    case 'notFound':
    case 'conflict':
    case 'lastServer':
    case 'invalid':
      return EXIT.refused;
    case 'malformed':
    case 'tooLarge':
    case 'internal':
    case 'busy':
    case 'noAnswer':
    case 'notUnderstood':
      return EXIT.failed;
  }
}
