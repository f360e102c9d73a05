import type { Clock } from '../ports/clock.ts';
import { PortError } from '../ports/errors.ts';

/**
 * Runs `work` with a signal that aborts when the caller's does or when `limitMs` are over.
 * @throws PortError `haproxyTimeout` or `aborted` instead of what the abort made of the work
 */
export async function within<T>(
  clock: Clock,
  limitMs: number,
  signal: AbortSignal,
  what: string,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const end = new AbortController();
  const either = AbortSignal.any([signal, end.signal]);
  let late = false;
  void clock.sleep(limitMs, either).then(() => {
    if (either.aborted) return;
    late = true;
    end.abort();
  });
  try {
    throwIfAborted(signal, what);
    return await work(either);
  } catch (error) {
    if (late)
      throw new PortError('Transient', 'haproxyTimeout', `${what}: no end after ${limitMs} ms`, { cause: error });
    throwIfAborted(signal, what);
    throw error;
  } finally {
    end.abort();
  }
}

function throwIfAborted(signal: AbortSignal, what: string): void {
  if (signal.aborted) throw new PortError('Transient', 'aborted', `${what}: given up`, { cause: signal.reason });
}
