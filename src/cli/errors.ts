import { count } from '../base/plural.ts';
import { CliError, InvalidFleetFile } from './actions.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { errorText } from './messages.ts';
import { asTyped } from './render/as-typed.ts';
import { clean } from './render/clean.ts';
import { type Terminal, wantsColor } from './terminal.ts';

/** What a command failed with, in the form of all errors. @param program how drover is called here */
export async function describeError(error: unknown, terminal: Terminal, program: string): Promise<string> {
  return asTyped(await inWords(error, terminal), program);
}

async function inWords(error: unknown, { stderr, env }: Terminal): Promise<string> {
  if (error instanceof InvalidFleetFile) {
    const { formatErrors } = await import('../fleet/file/errors.ts');
    const many = count(error.errors.length, 'error');
    const head = errorText(`The fleet file has ${many}; nothing was changed.`);
    return `${formatErrors(error.errors, { color: wantsColor(stderr, env) })}\n${head}`;
  }
  const message = error instanceof Error ? error.message : String(error);
  return errorText(message.split('\n').map(clean).join('\n'));
}

/** The exit code that goes with what a command failed with. */
export async function exitCodeOf(error: unknown): Promise<ExitCode> {
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
    case 'preconditionFailed':
    case 'unauthorized':
    case 'forbidden':
      return EXIT.refused;
    case 'malformed':
    case 'tooLarge':
    case 'keyInUse':
    case 'keyReused':
    case 'tooManyRequests':
    case 'internal':
    case 'busy':
    case 'noAnswer':
    case 'notUnderstood':
      return EXIT.failed;
  }
}
