import type { EpochMs } from '../model/time.ts';

/**
 * What the caller should do about an error of a port:
 * - `NotFound`: it is gone; for an ending that is success.
 * - `NoCapacity`: the provider is full; try again later, or elsewhere.
 * - `RateLimited`: wait for `retryAfterMs`.
 * - `Unauthorized`: a person has to mend the credentials.
 * - `Invalid`: what was asked for can never work; a person has to change the fleet file.
 * - `Transient`: the same call may work in a moment. It may also have taken effect.
 * - `Unsupported`: this implementation cannot do that at all.
 */
export type Reaction =
  | 'NotFound'
  | 'NoCapacity'
  | 'RateLimited'
  | 'Unauthorized'
  | 'Invalid'
  | 'Transient'
  | 'Unsupported';

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
  return new PortError('Transient', 'unexpected', message, { cause: error });
}

/** An error as data, for records and for the pure core. */
export interface Failure {
  readonly reaction: Reaction;
  readonly code: string;
  readonly message: string;
  readonly at: EpochMs;
  readonly retryAfterMs: number | null;
}

export function asFailure(error: unknown, at: EpochMs): Failure {
  const { reaction, code, message, retryAfterMs } = asPortError(error);
  return { reaction, code, message, at, retryAfterMs };
}
