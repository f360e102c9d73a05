import { z } from 'zod';
import { parseDecimal } from '../base/decimal.ts';
import { quotedStart } from '../base/quoted.ts';
import { type Program, ProgramError, runProgram, whyFailed } from '../base/run-program.ts';
import type { Clock } from '../ports/clock.ts';
import { pathSchema } from './settings.ts';
import { Missing, metricSourceType, polledSource } from './source.ts';

/** More output than this is not one number. */
const MAX_OUTPUT_BYTES = 4_096;
const MAX_ARGUMENTS = 256;
const MAX_ARGUMENT_CHARACTERS = 4_096;

const argument = z
  .string()
  .max(MAX_ARGUMENT_CHARACTERS)
  .refine((text) => !text.includes('\0'), { error: 'it has no null characters' });

function schema(baseDir: string) {
  return z.strictObject({
    command: z
      .array(argument)
      .min(1)
      .max(MAX_ARGUMENTS)
      .refine((list) => list[0] !== '', { error: 'it starts with the program to run' })
      .describe('The program and its arguments, as a list; no shell is involved. It prints one number.'),
    workingDirectory: pathSchema(baseDir)
      .prefault('.')
      .describe('The folder that the command runs in; relative to the fleet file.'),
  });
}

/** A number that a command of the user's own prints. */
export const execMetric = metricSourceType({
  name: 'exec',
  schema,
  create: (command, { clock }) =>
    polledSource(clock, async (signal) => {
      const program = command.command[0];
      const output = (await outputOf(command, clock, signal)).trim();
      if (output === '') throw new Missing('empty', `${program} prints nothing`);
      const value = parseDecimal(output);
      if (value !== null) return { value };
      throw new Missing('notANumber', `${program} prints ${quotedStart(output)}, which is not a number`);
    }),
});

/** @throws Missing with the last line of its complaints when it does not succeed */
async function outputOf(command: Omit<Program, 'maxOutputBytes'>, clock: Clock, signal: AbortSignal): Promise<string> {
  const failed = (why: string) => new Missing('failed', `${command.command[0]} ${why}`);
  try {
    const end = await runProgram({ ...command, maxOutputBytes: MAX_OUTPUT_BYTES }, clock, signal);
    const why = whyFailed(end);
    if (why !== null) throw failed(why);
    return end.output;
  } catch (error) {
    throw error instanceof ProgramError ? failed(error.message) : error;
  }
}
