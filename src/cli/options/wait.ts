import { type Command, InvalidArgumentError } from 'commander';
import { formatDuration, MAX_DURATION_MS, parseDuration } from '../../base/duration.ts';
import { EXIT } from '../exit-codes.ts';

export const DEFAULT_WAIT_TIMEOUT_MS = 600_000;

export interface WaitOptions {
  readonly wait?: true;
  /** Milliseconds. */
  readonly timeout?: number;
}

/** Gives a command `--wait` and `--timeout`, which waits too. */
export function addWait(command: Command, until: string): Command {
  return command
    .option('--wait', `wait until ${until}`)
    .option(
      '--timeout <duration>',
      `wait at most so long (default: ${formatDuration(DEFAULT_WAIT_TIMEOUT_MS)}), then end with ${EXIT.timedOut}`,
      timeout,
    );
}

export function timeout(text: string): number {
  const ms = parseDuration(text);
  if (ms !== null && ms > 0 && ms <= MAX_DURATION_MS) return ms;
  throw new InvalidArgumentError('It must be a duration like 30s or 2m.');
}

export function waits({ wait, timeout: ms }: WaitOptions): boolean {
  return wait === true || ms !== undefined;
}
