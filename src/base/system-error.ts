import { ExpectedError } from './expected-error.ts';

/** The code of an error of the operating system (`ENOENT`); empty for any other. */
export function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

/** Whether the operating system has refused a call: about a file, a socket, a name or a process. */
export function isSystemError(error: unknown): boolean {
  if (error instanceof AggregateError) return error.errors.length > 0 && error.errors.every(isSystemError);
  return errorCode(error) !== '' && error instanceof Error && 'syscall' in error;
}

/** Whether a call was given up by its signal. */
export function isAbort(error: unknown): boolean {
  return error instanceof Error && (error.name === 'AbortError' || error.name === 'TimeoutError');
}

/** What JavaScript itself throws where a program is wrong. */
const PROGRAMMING_ERRORS = [TypeError, RangeError, ReferenceError, SyntaxError, EvalError, URIError];

/** Whether JavaScript itself says that the program is wrong: what the edge of a port asks before it maps the errors of a library. */
export function isProgrammingError(error: unknown): boolean {
  // `fetch` throws a TypeError with what the network did wrong as its cause.
  return (
    PROGRAMMING_ERRORS.some((kind) => error instanceof kind) && !(error instanceof Error && error.cause !== undefined)
  );
}

/** By undici, for arguments that are wrong. */
const WRONG_CALLS = ['UND_ERR_INVALID_ARG', 'UND_ERR_INVALID_RETURN_VALUE', 'UND_ERR_NOT_SUPPORTED'];

/** Whether a request over the network has failed: sockets, names, TLS, bounds, and answers that are no HTTP. All of these have a code. */
export function isNetworkError(error: unknown): boolean {
  if (error instanceof ExpectedError) return false;
  if (isSystemError(error) || isAbort(error)) return true;
  const code = errorCode(error);
  return code !== '' && !isProgrammingError(error) && !WRONG_CALLS.includes(code);
}
