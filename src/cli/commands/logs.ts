import { type Command, InvalidArgumentError } from 'commander';
import type { Context } from '../context.ts';
import type { LogOptions } from '../handlers/logs.ts';

const MAX_LINES = 10_000;

export function addLogsCommand(program: Command, context: Context): void {
  program
    .command('logs')
    .summary('show what servers print')
    .description(
      'Shows what an instance, or each instance of a group, has printed lately, where its provider gives that. With several instances each line begins with ' +
        'the id of its own.',
    )
    .argument('<instance|group>', 'the id of an instance, or a beginning of it; or the name of a group')
    .option('--lines <number>', `how many lines of each instance at first, 0 to ${MAX_LINES}`, lines, 100)
    .option('--follow', 'go on with what comes until interrupted')
    .action(async (of: string, options: LogOptions, command: Command) => {
      const { logs } = await import('../handlers/logs.ts');
      await logs(context, of, options, command);
    });
}

function lines(text: string): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value <= MAX_LINES) return value;
  throw new InvalidArgumentError(`It must be a whole number from 0 to ${MAX_LINES}.`);
}
