import type { Failure, Reaction } from '../model/observation.ts';
import type { EpochMs } from '../model/time.ts';

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

/** What JavaScript itself throws where a program is wrong. */
const PROGRAMMING_ERRORS = [TypeError, RangeError, ReferenceError, SyntaxError, EvalError, URIError];

/** Whether a thrown value is a programming error, and neither an error of a port nor one of the host or the network. */
export function isDefect(error: unknown): boolean {
  // `fetch` throws a TypeError with what the network did wrong as its cause.
  return (
    PROGRAMMING_ERRORS.some((kind) => error instanceof kind) && !(error instanceof Error && error.cause !== undefined)
  );
}

/** A programming error in words. */
export function describeDefect(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}

/**
 * Any thrown value as a PortError, for its words; what a port did not type itself counts as `Transient`. A programming error is said to be
 * one: whoever does more about an error than to say it asks `isDefect` first, or takes `asFailure`.
 */
export function asPortError(error: unknown): PortError {
  if (error instanceof PortError) return error;
  if (isDefect(error)) {
    const text = `an error in Drover itself (${describeDefect(error)}); drover.log has its stack`;
    return new PortError('Transient', 'defect', text, { cause: error });
  }
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
  return { reaction: isDefect(error) ? 'Defect' : reaction, code, message, at, retryAfterMs };
}
