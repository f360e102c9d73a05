import { asPortError, PortError } from '../../ports/errors.ts';

/** Runs tasks of the same key one after the other, those of different keys side by side. */
export class KeyedQueue {
  readonly #tails = new Map<string, Promise<unknown>>();

  run<T>(key: string, task: () => Promise<T>): Promise<T> {
    const before = this.#tails.get(key) ?? Promise.resolve();
    const result = before.then(task);
    const tail = result
      .catch(() => undefined)
      .then(() => {
        if (this.#tails.get(key) === tail) this.#tails.delete(key);
      });
    this.#tails.set(key, tail);
    return result;
  }
}

/** A call that ends with its signal at the latest, and whose errors are PortErrors. What it began goes on by itself. */
export async function boundedBy<T>(signal: AbortSignal, call: () => Promise<T>): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const onAbort = () => aborted.reject(new PortError('Transient', 'aborted', 'The call was given up.'));
  if (signal.aborted) onAbort();
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race(signal.aborted ? [aborted.promise] : [aborted.promise, call()]);
  } catch (error) {
    throw asPortError(error);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
