import { ExpectedError } from '../base/expected-error.ts';
import { reasonOf } from '../base/quoted.ts';
import { errorCode, isAbort, isSystemError } from '../base/system-error.ts';
import type { Failure, Reaction } from '../model/observation.ts';
import type { EpochMs } from '../model/time.ts';

/** The one error class of the ports. `code` is stable and machine-readable; `message` is for a person. */
export class PortError extends ExpectedError {
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

/**
 * Whether a thrown value is an error in Drover itself. It is, unless it is an error that somebody throws on purpose, comes from the operating
 * system, or says that a call was given up. The edge of a port maps the errors of its libraries; what gets past it unmapped is a defect too.
 */
export function isDefect(error: unknown): boolean {
  return !(error instanceof ExpectedError || isSystemError(error) || isAbort(error));
}

/** A defect in words. */
export function describeDefect(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}

/**
 * Any thrown value as a PortError, for its words. A defect is said to be one: whoever does more about an error than to say it asks `isDefect`
 * first, or takes `asFailure`.
 */
export function asPortError(error: unknown): PortError {
  if (error instanceof PortError) return error;
  if (isDefect(error)) {
    const text = `an error in Drover itself (${describeDefect(error)}); drover.log has its stack`;
    return new PortError('Transient', 'defect', text, { cause: error });
  }
  if (isAbort(error)) return new PortError('Transient', 'aborted', 'it was called off', { cause: error });
  const message = reasonOf(error);
  if (isFull(error)) {
    return new PortError('NoCapacity', 'diskFull', `the disk or the quota is full; make room (${message})`, {
      cause: error,
    });
  }
  return new PortError('Transient', isSystemError(error) ? 'system' : 'unusable', message, { cause: error });
}

function isFull(error: unknown): boolean {
  return ['ENOSPC', 'EDQUOT'].includes(errorCode(error));
}

export function asFailure(error: unknown, at: EpochMs): Failure {
  const { reaction, code, message, retryAfterMs } = asPortError(error);
  return { reaction: isDefect(error) ? 'Defect' : reaction, code, message, at, retryAfterMs };
}
