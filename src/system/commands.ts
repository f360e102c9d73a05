import { ProgramError, runProgram, whyFailed } from '../base/run-program.ts';
import type { CommandRunner } from '../ports/command.ts';
import { PortError } from '../ports/errors.ts';
import { systemClock } from './clock.ts';

/** It is for people who look into it by hand; nobody reads it here. */
const MAX_OUTPUT_BYTES = 1024 * 1024;

export const systemCommands: CommandRunner = {
  run: async ({ command, workingDirectory }, environment, signal) => {
    const [name = ''] = command;
    try {
      const program = { command, workingDirectory, environment, maxOutputBytes: MAX_OUTPUT_BYTES };
      const why = whyFailed(await runProgram(program, systemClock, signal));
      if (why !== null) throw new PortError('Transient', 'commandFailed', `${name} ${why}`);
    } catch (error) {
      if (!(error instanceof ProgramError)) throw error;
      throw new PortError('Transient', 'commandFailed', `${name} ${error.message}`, { cause: error });
    }
  },
};
