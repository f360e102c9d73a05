import { access } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { Command } from 'commander';
import type { ApiClient } from '../api/client.ts';
import { type CliActions, CliError } from './actions.ts';
import { EXIT } from './exit-codes.ts';
import { warningText } from './messages.ts';
import type { Terminal } from './terminal.ts';

/** What every command has at hand. */
export interface Context {
  readonly actions: CliActions;
  readonly terminal: Terminal;
}

const DEFAULT_FLEET_FILE = 'fleet.yaml';

export function fleetFilePath({ terminal }: Context, given: string | undefined): string {
  return resolve(terminal.cwd, given ?? DEFAULT_FLEET_FILE);
}

/** `--data`, else `DROVER_DATA`, else `.drover` beside the fleet file. */
export function dataDirPath({ terminal }: Context, command: Command, fleetFile: string): string {
  const { data } = command.optsWithGlobals<{ data?: string }>();
  if (data === '') throw new CliError(EXIT.usage, '--data needs a folder: it is empty (an unset variable, perhaps).');
  return resolve(terminal.cwd, data ?? (terminal.env.DROVER_DATA || join(dirname(fleetFile), '.drover')));
}

/** How drover is called where this command was: with the same `--data`, if any. */
export function programOf(command: Command): string {
  return programWith(command.optsWithGlobals<{ data?: string }>().data);
}

export function programWith(data: string | undefined): string {
  if (data === undefined) return 'drover';
  return `drover --data ${/^[\w./:@%+=,-]+$/.test(data) ? data : `'${data.replaceAll("'", `'\\''`)}'`}`;
}

/**
 * What is to be run: the fleet file that is named, or `./fleet.yaml`. Where there is none and a data folder is named, the fleet is what its newest
 * version says, and the API owns it.
 */
export async function fleetToRun(
  context: Context,
  file: string | undefined,
  command: Command,
): Promise<{ readonly fleetFile: string | null; readonly dataDir: string }> {
  const path = fleetFilePath(context, file);
  const dataDir = dataDirPath(context, command, path);
  const namesFolder = command.optsWithGlobals<{ data?: string }>().data || context.terminal.env.DROVER_DATA;
  const isByApi = file === undefined && namesFolder && !(await exists(path));
  return { fleetFile: isByApi ? null : path, dataDir };
}

/** Whether there is anything at a path; true also where that may not be seen. */
export async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => error.code !== 'ENOENT',
  );
}

/** Talks to the running controller, then lets go of the connection. */
export async function withClient<Result>(
  context: Context,
  command: Command,
  use: (client: ApiClient, signal: AbortSignal) => Promise<Result>,
  fleetFile?: string,
): Promise<Result> {
  const { ApiClient } = await import('../api/client.ts');
  const client = new ApiClient(dataDirPath(context, command, fleetFilePath(context, fleetFile)));
  try {
    return await use(client, context.terminal.interrupted);
  } finally {
    await client.close();
  }
}

/** Writes a result. */
export function print({ terminal }: Context, text: string): void {
  terminal.stdout.write(`${text}\n`);
}

/** Writes what is said beside the result: standard output stays for programs. */
export function say({ terminal }: Context, text: string): void {
  terminal.stderr.write(`${text}\n`);
}

/** Writes what may be wrong though the command goes on. */
export function warn(context: Context, warning: string): void {
  say(context, warningText(warning));
}

/** JSON without any character that a terminal obeys. */
export function printJson(context: Context, value: unknown, indent?: number): void {
  const escaped = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  print(context, JSON.stringify(value, null, indent).replaceAll(/[\u007f-\u009f]/g, escaped));
}

/** The one instance whose id begins like this. @throws CliError `refused` for none or several */
export async function findInstance(client: ApiClient, prefix: string, signal: AbortSignal) {
  const { groups } = await client.status(signal);
  const instances = groups.flatMap((group) => group.instances);
  const found = instances.filter(({ id }) => id.startsWith(prefix) || id.startsWith(`i-${prefix}`));
  const [only, another] = found;
  if (only === undefined) {
    throw new CliError(EXIT.refused, `There is no instance ${prefix}. \`drover status\` lists them.`);
  }
  if (another === undefined || only.id === prefix) return only;
  const ids = found.slice(0, 5).map(({ id }) => id);
  const more = found.length > ids.length ? ' and others' : '';
  throw new CliError(EXIT.refused, `${prefix} may be ${ids.join(', ')}${more}. Give more digits of the id.`);
}
