import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PortError } from '../ports/errors.ts';
import { encode, inLines } from './encoder.ts';

describe('encode', () => {
  it('refuses a word that is empty or more than one word', () => {
    for (const word of ['', 'a b', 'a;b', 'a\nb', 'a\tb', '<<', 'a\\', '"a"', "'a'", '#', '\u0000', 'ä']) {
      expect(() => encode(['show', word]), JSON.stringify(word)).toThrow(PortError);
    }
  });

  it('never gives more words, commands or lines than it was given', () => {
    fc.assert(
      fc.property(fc.array(fc.string(), { minLength: 1 }), (words) => {
        let line: string;
        try {
          line = encode(words);
        } catch {
          return;
        }
        expect(line.split(' ')).toEqual(words);
        expect(line).not.toMatch(/[\n;]/);
      }),
    );
  });
});

describe('inLines', () => {
  it('keeps every command, in order, on lines that HAProxy takes', () => {
    const word = fc.stringMatching(/^[a-z]{1,300}$/);
    fc.assert(
      fc.property(fc.array(fc.record({ words: fc.array(word, { minLength: 1, maxLength: 5 }) })), (commands) => {
        const lines = inLines(commands);
        expect(lines.flat()).toEqual(commands);
        for (const line of lines) {
          expect(line.map(({ words }) => encode(words)).join(';').length).toBeLessThan(16_000);
        }
      }),
    );
  });

  it('needs a few lines for a hundred servers', () => {
    const command = { words: ['add', 'server', ...Array.from({ length: 20 }, () => 'keyword')] };
    expect(inLines(Array.from({ length: 100 }, () => command)).length).toBeLessThan(5);
  });
});
