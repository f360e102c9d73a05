import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { propertyRuns } from '../../test/support/effort.ts';
import { Rows, sameStatistics } from './rows.ts';

const HEADER = '# name,age,text,quoted,count,';
const READ = new Set(['name', 'text', 'count']);
const READ_COLUMNS = ['name', 'text', 'count'];

function rowOf(line: string): Rows {
  const bytes = Buffer.from(`${HEADER}\n${line}\n`);
  const rows = Rows.csv(bytes, 0, bytes.length);
  rows.next();
  return rows;
}

function isSame(one: string, other: string): boolean {
  const [a, b] = [rowOf(one), rowOf(other)];
  return sameStatistics(a.placesOf(READ), a.bytes, a.start, a.end, b.bytes, b.start, b.end);
}

describe('sameStatistics', () => {
  it.each([
    ['i-1,9,OK,,3,', 'i-1,9,OK,,3,', true],
    ['i-1,9,OK,,3,', 'i-1,10,OK,,3,', true],
    ['i-1,19,OK,,3,', 'i-1,1,OK,,3,', true],
    ['i-1,,OK,,3,', 'i-1,1,OK,,3,', true],
    ['i-1,9,OK,,3,', 'i-1,9,OK,,4,', false],
    ['i-1,9,OK,,3,', 'i-1,9,OK,,31,', false],
    ['i-1,9,OK,,3,', 'i-1,9,,,3,', false],
    ['i-1,9,"a, b",,3,', 'i-1,8,"a, b",,3,', true],
    ['i-1,9,"a, b",,3,', 'i-1,9,"a, c",,3,', false],
    ['i-1,9,OK,,3,', 'i-1,9,OK,,3', false],
    [',",,"a, b",,', ',",,"a, b",,', false],
  ])('%s and %s: %s', (one, other, expected) => {
    expect(isSame(one, other)).toBe(expected);
  });

  it('never takes rows for the same in which something that is read differs', () => {
    const field = fc.oneof(
      fc.constantFrom('', '1', '12', '2', 'OK', '"a"', '"a, b"', '"a ""b"", c"', '"",1', '"'),
      fc.string({ unit: fc.constantFrom('a', '1', ',', '"'), maxLength: 4 }),
    );
    const line = fc.tuple(field, field, field, field, field).map((fields) => `${fields.join()},`);
    const fieldsRead = (text: string) => {
      const row = rowOf(text);
      return row.split() ? READ_COLUMNS.map((column) => row.get(column)) : null;
    };
    fc.assert(
      fc.property(line, line, field, fc.nat({ max: 4 }), (one, other, change, place) => {
        const changed = one.split(',').with(place, change).join();
        for (const next of [other, changed]) {
          if (fieldsRead(one) !== null && isSame(one, next)) expect(fieldsRead(next)).toEqual(fieldsRead(one));
        }
      }),
      propertyRuns(5_000),
    );
  });
});
