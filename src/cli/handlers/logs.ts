import type { Command } from 'commander';
import type { ApiClient } from '../../api/client.ts';
import { CliError } from '../actions.ts';
import { type Context, findInstance, print, warn, withClient } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { clean } from '../render/clean.ts';

export interface LogOptions {
  readonly lines: number;
  readonly follow?: true;
}

/** As the client takes it. */
type LogsOf = Parameters<ApiClient['logs']>[0];

export async function logs(
  context: Context,
  of: string,
  { lines, follow }: LogOptions,
  command: Command,
): Promise<void> {
  await withClient(context, command, async (client, signal) => {
    const whose = await find(client, of, signal);
    const show = shownOn(context, 'group' in whose);
    let failed = 0;
    try {
      for await (const line of client.logs(whose, { lines, follow: follow === true }, signal)) {
        if ('text' in line) show(line.instance, line.text);
        else {
          warn(context, `The log of ${line.instance} cannot be read: ${clean(line.failure)}`);
          failed += 1;
        }
      }
    } catch (error) {
      // An interrupt is how following ends.
      if (!signal.aborted || follow !== true) throw error;
    }
    if (failed > 0) throw new CliError(EXIT.failed, 'Not all of the logs could be read.');
  });
}

/** The name of a group is taken before the beginning of an id. */
async function find(client: ApiClient, name: string, signal: AbortSignal): Promise<LogsOf> {
  const { groups } = await client.status(signal);
  if (groups.some((group) => group.name === name)) return { group: name };
  return { instance: (await findInstance(client, name, signal)).id };
}

/** What servers print is for programs as it is; a terminal would obey it. */
function shownOn(context: Context, isPrefixed: boolean): (instance: string, text: string) => void {
  const isTerminal = context.terminal.stdout.isTTY === true;
  return (instance, text) => {
    const shown = isTerminal ? clean(text) : text;
    print(context, isPrefixed ? `${instance}  ${shown}` : shown);
  };
}
