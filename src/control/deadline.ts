import type { Clock } from '../ports/clock.ts';
import { PortError } from '../ports/errors.ts';

/**
 * Runs one call with a bound: the signal given to it aborts when the time is over or `signal` does, and the caller is let go
 * even if the call ignores that.
 *
 * @throws PortError `Transient` with code `deadline` or `aborted`; it may have taken effect.
 */
export async function withDeadline<T>(
  clock: Clock,
  timeoutMs: number,
  signal: AbortSignal,
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const over = new AbortController();
  const bound = new AbortController();
  const { promise: cut, reject } = Promise.withResolvers<never>();
  const stop = (code: string, message: string) => {
    const error = new PortError('Transient', code, message);
    bound.abort(error);
    reject(error);
  };
  const onAbort = () => stop('aborted', 'it was called off');
  if (signal.aborted) onAbort();
  else signal.addEventListener('abort', onAbort, { once: true });
  void clock.sleep(timeoutMs, over.signal).then(() => {
    if (!over.signal.aborted) stop('deadline', `no answer within ${timeoutMs / 1000} s`);
  });
  try {
    return await Promise.race([run(bound.signal), cut]);
  } finally {
    over.abort('done');
    signal.removeEventListener('abort', onAbort);
    cut.catch(() => {});
  }
}
