import { expect, it } from 'vitest';
import { LineCutter } from './line-cutter.ts';

it('gives the same lines however the output is cut, also within a character', () => {
  const bytes = Buffer.from('eins\r\nzwölf €\n\nlast');
  for (let size = 1; size <= bytes.length; size += 1) {
    const cutter = new LineCutter();
    const lines: string[] = [];
    for (let at = 0; at < bytes.length; at += size) lines.push(...cutter.push(bytes.subarray(at, at + size)));
    expect([...lines, ...cutter.end()]).toEqual(['eins', 'zwölf €', '', 'last']);
  }
});

it('keeps no more than a long line of what has no end', () => {
  const cutter = new LineCutter();
  const pieces = Array.from({ length: 100 }, () => cutter.push(Buffer.alloc(1_000, 'x'))).flat();
  expect(pieces.length).toBeGreaterThan(4);
  expect(Math.max(...pieces.map(({ length }) => length))).toBeLessThan(18_000);
});
