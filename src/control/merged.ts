interface Given<T> {
  readonly value: T;
  readonly taken: () => void;
}

/**
 * What several sources give, as it comes; of each, one value more than was read is taken. When nobody reads any more, a source that waits ends with its own
 * signal. (A race of all of them for each value would leave something behind in those that are quiet.)
 *
 * @param sources that never fail
 */
export async function* merged<T>(sources: readonly AsyncIterable<T>[]): AsyncGenerator<T> {
  const given: Given<T>[] = [];
  let left = sources.length;
  let isRead = true;
  let news = Promise.withResolvers<void>();
  const pass = async (source: AsyncIterable<T>): Promise<void> => {
    for await (const value of source) {
      if (!isRead) break;
      const { promise, resolve } = Promise.withResolvers<void>();
      given.push({ value, taken: resolve });
      news.resolve();
      await promise;
    }
    left -= 1;
    news.resolve();
  };
  for (const source of sources) void pass(source);
  try {
    while (left > 0 || given.length > 0) {
      const next = given.shift();
      if (next === undefined) {
        await news.promise;
        news = Promise.withResolvers();
        continue;
      }
      next.taken();
      yield next.value;
    }
  } finally {
    isRead = false;
    for (const { taken } of given) taken();
  }
}
