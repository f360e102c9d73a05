import type { Failure, Reaction } from '../model/observation.ts';
import type { EpochMs } from '../model/time.ts';

export type { Failure, Reaction } from '../model/observation.ts';

/** The one error class of the ports. `code` is stable and machine-readable; `message` is for a person. */
export class PortError extends Error {
  readonly reaction: Reaction;
  readonly code: string;
  readonly retryAfterMs: number | null;

  constructor(
    reaction: Reaction,
    code: string,
    message: string,
    options: { cause?: unknown; retryAfterMs?: number } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'PortError';
    this.reaction = reaction;
    this.code = code;
    this.retryAfterMs = options.retryAfterMs ?? null;
  }
}

/** Any thrown value as a PortError; what a port did not type itself counts as `Transient`. */
export function asPortError(error: unknown): PortError {
  if (error instanceof PortError) return error;
  const message = error instanceof Error ? error.message : String(error);
  if (isFull(error)) {
    return new PortError('NoCapacity', 'diskFull', `the disk or the quota is full; make room (${message})`, {
      cause: error,
    });
  }
  return new PortError('Transient', 'unexpected', message, { cause: error });
}

function isFull(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT');
}

export function asFailure(error: unknown, at: EpochMs): Failure {
  const { reaction, code, message, retryAfterMs } = asPortError(error);
  return { reaction, code, message, at, retryAfterMs };
}
