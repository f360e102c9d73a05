import { setTimeout as delay } from 'node:timers/promises';

const POLL_MS = 50;

/** What a benchmark gets from around it. */
export interface Scope {
  /** Aborts when the benchmark is interrupted or has used up its time. */
  readonly signal: AbortSignal;
  /** Ends something that was started; the newest first, however the benchmark ends. To be called before it is started. */
  atEnd(end: () => Promise<unknown>): void;
}

/**
 * Runs a benchmark as a program: bounded in time, and all that it started is ended with it, also on Ctrl-C and on failure.
 *
 * @param run returns whether what it measured is acceptable at all, which decides about the exit code
 */
export async function bench(title: string, limitMs: number, run: (scope: Scope) => Promise<boolean>): Promise<void> {
  const ends = new AsyncDisposableStack();
  const stop = new AbortController();
  const interrupt = () => stop.abort(new Error('interrupted'));
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt);
  const limit = setTimeout(() => stop.abort(new Error(`not done within ${limitMs / 1000} s`)), limitMs);
  const stopped = new Promise<never>((_, reject) => {
    stop.signal.addEventListener('abort', () => reject(stop.signal.reason), { once: true });
  });
  let exitCode = 1;
  console.log(`\n${title}\n${'='.repeat(title.length)}`);
  try {
    const running = run({ signal: stop.signal, atEnd: (end) => ends.defer(async () => void (await end())) });
    // Once it is stopped, nobody waits for it any more.
    running.catch(() => undefined);
    exitCode = (await Promise.race([running, stopped])) ? 0 : 1;
  } catch (error) {
    if (stop.signal.aborted) console.error(`Stopped: ${stop.signal.reason.message}`);
    else console.error(error);
  }
  clearTimeout(limit);
  stop.abort();
  try {
    await ends.disposeAsync();
  } catch (error) {
    console.error('Not everything could be ended:', error);
    exitCode = 1;
  }
  // Whatever was still waited for has lost its purpose.
  process.exit(exitCode);
}

/** Polls until the condition gives something. @throws Error when it does not in time */
export async function until<T>(
  what: string,
  patienceMs: number,
  condition: () => Promise<T | null | undefined | false>,
  pollMs = POLL_MS,
): Promise<T> {
  const deadline = Date.now() + patienceMs;
  for (;;) {
    const found = await condition();
    if (found !== null && found !== undefined && found !== false) return found;
    if (Date.now() > deadline) throw new Error(`waited ${patienceMs / 1000} s in vain until ${what}`);
    await delay(pollMs);
  }
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
  const lower = sorted[Math.ceil(sorted.length / 2) - 1] ?? Number.NaN;
  return (lower + upper) / 2;
}
