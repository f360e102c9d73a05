import { z } from 'zod';
import { outputOf } from './run-command.ts';
import { pathSchema } from './settings.ts';
import { lookingSource, Missing, metricSourceType } from './source.ts';
import { parseDecimal, quotedStart } from './text.ts';

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
    lookingSource(clock, async (signal) => {
      const output = (await outputOf(command, clock, signal)).trim();
      const program = command.command[0];
      if (output === '') throw new Missing('empty', `${program} prints nothing`);
      const value = parseDecimal(output);
      if (value !== null) return { value };
      throw new Missing('notANumber', `${program} prints ${quotedStart(output)}, which is not a number`);
    }),
});
