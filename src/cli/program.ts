import { Command, CommanderError } from 'commander';
import { count } from '../base/plural.ts';
import { type CliActions, CliError, InvalidFleetFile } from './actions.ts';
import { addActivitiesCommand } from './commands/activities.ts';
import { addChangeCommands } from './commands/change.ts';
import { addDoctorCommand } from './commands/doctor.ts';
import { addDownCommand } from './commands/down.ts';
import { addFleetCommands } from './commands/fleet.ts';
import { addHelpCommand } from './commands/help.ts';
import { addProcessCommands } from './commands/processes.ts';
import { addRunCommands } from './commands/run.ts';
import { addSimulateCommand } from './commands/simulate.ts';
import { addStatusCommands } from './commands/status.ts';
import { addVersionCommands } from './commands/versions.ts';
import { type Context, programWith } from './context.ts';
import { EXIT, EXIT_CODES_HELP, type ExitCode } from './exit-codes.ts';
import { errorText } from './messages.ts';
import { asTyped } from './render/as-typed.ts';
import { clean } from './render/clean.ts';
import { type Terminal, wantsColor } from './terminal.ts';

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
  addRunCommands(program, context);
  addStatusCommands(program, context);
  addActivitiesCommand(program, context);
  addChangeCommands(program, context);
  addProcessCommands(program, context);
  addFleetCommands(program, context);
  addVersionCommands(program, context);
  addSimulateCommand(program, context);
  addDoctorCommand(program, context);
  addDownCommand(program, context);
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
    const typed = programWith(program.opts<{ data?: string }>().data);
    terminal.stderr.write(`${asTyped(await describe(error, terminal), typed)}\n`);
    return exitCode(error);
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

async function describe(error: unknown, { stderr, env }: Terminal): Promise<string> {
  if (error instanceof InvalidFleetFile) {
    const { formatErrors } = await import('../fleet/file/errors.ts');
    const many = count(error.errors.length, 'error');
    const head = errorText(`The fleet file has ${many}; nothing was changed.`);
    return `${formatErrors(error.errors, { color: wantsColor(stderr, env) })}\n${head}`;
  }
  const message = error instanceof Error ? error.message : String(error);
  return errorText(message.split('\n').map(clean).join('\n'));
}

async function exitCode(error: unknown): Promise<ExitCode> {
  if (error instanceof CliError) return error.exitCode;
  const { ApiError } = await import('../api/client.ts');
  if (!(error instanceof ApiError)) return EXIT.failed;
  switch (error.code) {
    case 'notRunning':
      return EXIT.notRunning;
    case 'notFound':
    case 'conflict':
    case 'lastServer':
    case 'staleVersion':
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
