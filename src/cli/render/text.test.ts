import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clean } from './clean.ts';
import { cut, pad, widthOf, wrap } from './text.ts';

describe('clean', () => {
  it('leaves no escapes, other control characters or changes of direction', () => {
    expect(clean('\u001B[31mred\u001B[0m \u001B]0;title\u0007x\r\ny\u009B2Jz\u202Eabc')).toBe('red x yzabc');
  });

  it('leaves nothing that a terminal obeys in any text', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => !/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(clean(text))));
  });
});

describe('cut', () => {
  it('marks the cut and never splits a character', () => {
    expect(cut('in service', 10, '…')).toBe('in service');
    expect(cut('in service', 6, '…')).toBe('in se…');
    expect(cut('日本語', 4, '…')).toBe('日…');
    expect(cut('abc', 2, '...')).toBe('');
  });

  it('is never wider than asked', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme' }),
        fc.nat(30),
        (text, width) => widthOf(cut(text, width, '…')) <= width,
      ),
    );
  });
});

describe('wrap', () => {
  it('breaks between words and cuts the last line', () => {
    expect(wrap('Launching one server because two of three', 16, 2, '…')).toEqual(['Launching one', 'server because…']);
    expect(wrap('exactly sixteen.', 16, 2, '…')).toEqual(['exactly sixteen.']);
    expect(wrap('sixteen in total and more', 16, 3, '…')).toEqual(['sixteen in total', 'and more']);
    expect(wrap('the last one: the end', 16, 3, '…')).toEqual(['the last one:', 'the end']);
    expect(wrap('abcdefghij', 4, 2, '…')).toEqual(['abcd', 'efg…']);
  });

  it('keeps to its lines and their width', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 80 }), fc.integer({ min: 3, max: 30 }), (text, width) => {
        const lines = wrap(clean(text), width, 2, '…');
        return lines.length <= 2 && lines.every((line) => widthOf(line) <= width);
      }),
    );
  });
});

describe('pad', () => {
  it('fills up on the side that is asked for, by columns', () => {
    expect([pad('日', 4), pad('7', 3, 'right'), pad('long', 2)]).toEqual(['日  ', '  7', 'long']);
  });
});
