import { oneLine, reasonOf } from '../../base/quoted.ts';
import type { Reaction } from '../../model/observation.ts';
import { PortError } from '../../ports/errors.ts';

/** The API's own codes (https://docs.hetzner.cloud/reference/cloud#errors), by what each calls for. What is not here goes by its HTTP status. */
const REACTIONS: ReadonlyMap<string, Reaction> = new Map([
  ['unauthorized', 'Unauthorized'],
  ['token_readonly', 'Unauthorized'],
  ['forbidden', 'Unauthorized'],
  ['not_found', 'NotFound'],
  ['rate_limit_exceeded', 'RateLimited'],
  ['resource_unavailable', 'NoCapacity'],
  ['placement_error', 'NoCapacity'],
  ['resource_limit_exceeded', 'NoCapacity'],
  ['server_limit', 'NoCapacity'],
  ['no_space_left_in_location', 'NoCapacity'],
  ['no_subnet_available', 'NoCapacity'],
  ['invalid_input', 'Invalid'],
  ['json_error', 'Invalid'],
  ['uniqueness_error', 'Invalid'],
  ['protected', 'Invalid'],
  ['unsupported_error', 'Unsupported'],
  ['conflict', 'Transient'],
  ['locked', 'Transient'],
  ['maintenance', 'Transient'],
  ['resource_locked', 'Transient'],
  ['server_error', 'Transient'],
  ['service_error', 'Transient'],
  ['unavailable', 'Transient'],
  ['timeout', 'Transient'],
]);

/** What a person does about it, where the API's own words do not say so. */
const REMEDIES: ReadonlyMap<string, string> = new Map([
  ['unauthorized', "make a token in the project's security settings and put it where the provider's token is read"],
  ['token_readonly', 'the token may only read; make one that may read and write'],
  ['forbidden', 'the token may not do that; make one that may read and write'],
  ['resource_limit_exceeded', "the project's limit is reached; ask Hetzner to raise it, or lower maxSize"],
  ['server_limit', "the project's limit is reached; ask Hetzner to raise it, or lower maxSize"],
  ['protected', 'it is protected against deletion; take the protection away in the Hetzner console'],
]);

/** An answer that is an error. @param body whatever the answer held */
export function answeredError(status: number, body: unknown, retryAfterMs: number | null): PortError {
  const { code, message } = errorIn(body) ?? { code: `http${status}`, message: `Hetzner answered HTTP ${status}` };
  const remedy = REMEDIES.get(code);
  const text = `${oneLine(message)} (${code})${remedy === undefined ? '' : `: ${remedy}`}`;
  const options = retryAfterMs === null ? {} : { retryAfterMs };
  return new PortError(REACTIONS.get(code) ?? reactionTo(status), code, text, options);
}

/** A call without a usable answer: it may have taken effect. */
export function unansweredError(error: unknown): PortError {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  return new PortError('Transient', 'unanswered', `Hetzner's API gave no usable answer: ${reasonOf(cause)}`, {
    cause: error,
  });
}

function reactionTo(status: number): Reaction {
  switch (status) {
    case 401:
    case 403:
      return 'Unauthorized';
    case 404:
      return 'NotFound';
    case 408:
    case 409:
    case 412:
    case 423:
      return 'Transient';
    case 429:
      return 'RateLimited';
    default:
      return status >= 500 ? 'Transient' : 'Invalid';
  }
}

const CODE = /^[a-z][a-z0-9_]{0,63}$/;

function errorIn(body: unknown): { readonly code: string; readonly message: string } | null {
  if (typeof body !== 'object' || body === null || !('error' in body)) return null;
  const { error } = body;
  if (typeof error !== 'object' || error === null || !('code' in error) || !('message' in error)) return null;
  const { code, message } = error;
  return typeof code === 'string' && CODE.test(code) && typeof message === 'string' ? { code, message } : null;
}
