import { expect, it } from 'vitest';
import { merged } from './merged.ts';

async function* lines(...all: readonly string[]): AsyncGenerator<string> {
  yield* all;
}

it('gives what all of them give, each in its own order, and ends with the last one', async () => {
  const seen: string[] = [];
  for await (const line of merged([lines('a1', 'a2', 'a3'), lines(), lines('b1', 'b2')])) seen.push(line);
  expect(seen.toSorted()).toEqual(['a1', 'a2', 'a3', 'b1', 'b2']);
  expect(seen.filter((line) => line.startsWith('a'))).toEqual(['a1', 'a2', 'a3']);
});

it('does not wait for a quiet one, and lets go of all when nobody reads any more', async () => {
  const over: string[] = [];
  const news = Promise.withResolvers<void>();
  async function* quiet(): AsyncGenerator<string> {
    try {
      await news.promise;
      yield 'at last';
    } finally {
      over.push('quiet');
    }
  }
  async function* busy(): AsyncGenerator<string> {
    try {
      for (let index = 0; ; index += 1) yield `line ${index}`;
    } finally {
      over.push('busy');
    }
  }
  const seen: string[] = [];
  for await (const line of merged([quiet(), busy()])) {
    seen.push(line);
    if (seen.length === 3) break;
  }
  expect(seen).toEqual(['line 0', 'line 1', 'line 2']);
  await expect.poll(() => over).toEqual(['busy']);
  news.resolve();
  await expect.poll(() => over).toEqual(['busy', 'quiet']);
});
