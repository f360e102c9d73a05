import type { Clock } from './clock.ts';
import { PortError } from './errors.ts';

/**
 * Runs one call with a bound: the signal given to it aborts when the time is over or `signal` does, and the caller is let go
 * even if the call ignores that. (p-timeout and its kind take their time from the host's timers; ours is passed in.)
 *
 * @param what is waited for, for the message
 * @throws PortError `Transient` with code `deadline` or `aborted`; it may have taken effect.
 */
export async function withDeadline<T>(
  clock: Clock,
  timeoutMs: number,
  signal: AbortSignal,
  run: (signal: AbortSignal) => Promise<T>,
  what = '',
): Promise<T> {
  const over = new AbortController();
  const bound = new AbortController();
  const stop = (code: string, message: string) => {
    bound.abort(new PortError('Transient', code, what === '' ? message : `${what}: ${message}`));
  };
  const onAbort = () => stop('aborted', 'it was called off');
  if (signal.aborted) onAbort();
  else signal.addEventListener('abort', onAbort, { once: true });
  void clock.sleep(timeoutMs, over.signal).then(() => {
    if (!over.signal.aborted) stop('deadline', `no answer within ${timeoutMs / 1000} s`);
  });
  try {
    return await untilAborted(bound.signal, () => run(bound.signal));
  } finally {
    over.abort('done');
    signal.removeEventListener('abort', onAbort);
  }
}

/**
 * A call that ends with its signal at the latest. What it began goes on by itself.
 *
 * @throws PortError `Transient`: the signal's own, or `aborted`
 */
export async function untilAborted<T>(signal: AbortSignal, run: () => Promise<T>): Promise<T> {
  const { promise: cut, reject } = Promise.withResolvers<never>();
  // Before the call itself notices, so that the reason is this one.
  const onAbort = () => reject(reasonOf(signal));
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    if (signal.aborted) throw reasonOf(signal);
    return await Promise.race([cut, run()]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

function reasonOf({ reason }: AbortSignal): PortError {
  return reason instanceof PortError ? reason : new PortError('Transient', 'aborted', 'it was called off');
}
