import { resolve } from 'node:path';
import { z } from 'zod';
import { ProgramError, runProgram, whyFailed } from '../base/run-program.ts';
import { PortError } from '../ports/errors.ts';
import { durationSchema } from '../settings/duration.ts';
import { filePathSchema } from '../settings/fields.ts';
import { shown } from '../settings/public.ts';
import { notifierType } from './notifier-type.ts';
import { payloadOf } from './payload.ts';

const MAX_ARGUMENTS = 256;
const MAX_ARGUMENT_CHARACTERS = 4_096;
/** Nobody reads it. */
const MAX_OUTPUT_BYTES = 64 * 1_024;

const settings = z.strictObject({
  command: z.array(z.string()),
  workingDirectory: z.string(),
  timeoutMs: z.number(),
});

const argument = z
  .string()
  .max(MAX_ARGUMENT_CHARACTERS)
  .refine((text) => !text.includes('\0'), { error: 'it has no null characters' });

function schema(baseDir: string) {
  return z
    .strictObject({
      command: z
        .array(argument)
        .min(1)
        .max(MAX_ARGUMENTS)
        .refine((list) => list[0] !== '', { error: 'it starts with the program to run' })
        .describe(
          'The program and its arguments, as a list; no shell is involved. It reads the message from its standard input, as JSON.',
        ),
      workingDirectory: shown(filePathSchema)
        .prefault('.')
        .describe('The folder that the command runs in; relative to the fleet file.'),
      timeout: durationSchema({ minMs: 100, maxMs: 600_000 })
        .prefault('30s')
        .describe('How long it may take before it is killed and counts as failed.'),
    })
    .transform(({ command, workingDirectory, timeout }) => ({
      command,
      workingDirectory: resolve(baseDir, workingDirectory),
      timeoutMs: timeout,
    }));
}

/** A program of the user's own: it has taken the message when it exits with 0. */
export const execNotifier = notifierType({
  name: 'exec',
  takes: 'all',
  schema,
  settings,
  timeoutMs: ({ timeoutMs }) => timeoutMs,
  create: ({ command, workingDirectory }, clock) => ({
    deliver: async (message, signal) => {
      const program = { command, workingDirectory, input: payloadOf(message), maxOutputBytes: MAX_OUTPUT_BYTES };
      const environment = { DROVER_MESSAGE_ID: message.id };
      try {
        const why = whyFailed(await runProgram({ ...program, environment }, clock, signal));
        if (why !== null) throw new PortError('Transient', 'failed', `${command[0]} ${why}`);
      } catch (error) {
        if (error instanceof ProgramError) {
          throw new PortError('Transient', error.code, `${command[0]} ${error.message}`, { cause: error });
        }
        throw error;
      }
    },
  }),
});
