import { Command, CommanderError } from 'commander';
import { type CliActions, CliError, SaidAlready } from './actions.ts';
import { addActivitiesCommand } from './commands/activities.ts';
import { addApplyCommands } from './commands/apply.ts';
import { addChangeCommands } from './commands/change.ts';
import { addCompletionCommands } from './commands/completion.ts';
import { addDashboardCommand } from './commands/dashboard.ts';
import { addDoctorCommand } from './commands/doctor.ts';
import { addDownCommand } from './commands/down.ts';
import { addFleetCommands } from './commands/fleet.ts';
import { addHelpCommand } from './commands/help.ts';
import { addInitCommand } from './commands/init.ts';
import { addLogsCommand } from './commands/logs.ts';
import { addNotifyCommands } from './commands/notify.ts';
import { addProcessCommands } from './commands/processes.ts';
import { addRunCommands } from './commands/run.ts';
import { addSimulateCommand } from './commands/simulate.ts';
import { addStatusCommands } from './commands/status.ts';
import { addTopCommand } from './commands/top.ts';
import { addVersionCommands } from './commands/versions.ts';
import { type Context, programWith } from './context.ts';
import { describeError, exitCodeOf } from './errors.ts';
import { EXIT, EXIT_CODES_HELP, type ExitCode } from './exit-codes.ts';
import { errorText } from './messages.ts';
import { clean } from './render/clean.ts';
import type { Terminal } from './terminal.ts';

/** The commands; every one of them throws what it fails with. */
export function createProgram(actions: CliActions, terminal: Terminal): Command {
  const context: Context = { actions, terminal };
  const program = new Command('drover')
    .description('Target groups, load balancers and auto scaling groups for any infrastructure, on HAProxy.')
    .version(actions.version, '--version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand(false)
    .option('--data <folder>', 'the data folder (default: $DROVER_DATA, else .drover beside the fleet file)')
    .addHelpText('after', `\n${EXIT_CODES_HELP}`)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.stdout.write(text),
      // Each error is thrown, and printed by `runCli`.
      writeErr: () => {},
    });
  addInitCommand(program, context);
  addRunCommands(program, context);
  addStatusCommands(program, context);
  addTopCommand(program, context);
  addActivitiesCommand(program, context);
  addLogsCommand(program, context);
  addChangeCommands(program, context);
  addProcessCommands(program, context);
  addApplyCommands(program, context);
  addFleetCommands(program, context);
  addVersionCommands(program, context);
  addNotifyCommands(program, context);
  addSimulateCommand(program, context);
  addDoctorCommand(program, context);
  addDashboardCommand(program, context);
  addDownCommand(program, context);
  addCompletionCommands(program, context);
  addHelpCommand(program);
  return program;
}

/** Runs one command to its end. Errors become a sentence on standard error. @returns the exit code */
export async function runCli(args: readonly string[], actions: CliActions, terminal: Terminal): Promise<ExitCode> {
  const program = createProgram(actions, terminal);
  try {
    await program.parseAsync(args, { from: 'user' });
    return EXIT.ok;
  } catch (error) {
    // Help and version have been written.
    if (error instanceof CommanderError && error.exitCode === 0) return EXIT.ok;
    if (!(error instanceof CliError) && terminal.interrupted.aborted) {
      // The shell's prompt does not belong behind an unanswered question.
      if (terminal.stderr.isTTY === true) terminal.stderr.write('\n');
      return EXIT.interrupted;
    }
    if (error instanceof CommanderError) {
      // Without any argument, the help is what is wanted.
      if (args.length === 0) terminal.stderr.write(program.helpInformation());
      else terminal.stderr.write(`${usageError(error, program)}\n`);
      return EXIT.usage;
    }
    if (error instanceof SaidAlready) return error.exitCode;
    const typed = programWith(program.opts<{ data?: string }>().data);
    terminal.stderr.write(`${await describeError(error, terminal, typed)}\n`);
    return exitCodeOf(error);
  }
}

/** What Commander found wrong, in the form of all other errors. */
function usageError(error: CommanderError, program: Command): string {
  const { data } = program.opts<{ data?: string }>();
  const isCommand = (word: string) => program.commands.some((command) => command.name() === word);
  if (data !== undefined && isCommand(data) && !program.args.some(isCommand)) {
    const meant = `drover --data <folder> ${data}`;
    return errorText(`--data needs a folder: it took ${data}, which is a command. Write \`${meant}\`.`);
  }
  if (error.code === 'commander.help') return errorText('Which command? `drover --help` lists them.');
  const [what = '', ...more] = error.message.split('\n');
  const sentence = clean(what)
    .replace(/^error: /, '')
    .replace(/^command-argument value ('.*?') is invalid for argument '(.*?)'/, '$1 is not a valid <$2>');
  const meant = more.map((line) => clean(line).replace(/^\((.*)\)$/, '$1')).filter((line) => line !== '');
  return [errorText(sentence), ...meant, '`drover --help` lists the commands and options.'].join(' ');
}
