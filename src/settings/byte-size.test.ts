import { expect, it } from 'vitest';
import { formatByteSize, KIB } from '../base/byte-size.ts';
import { byteSizeSchema } from './byte-size.ts';

const size = byteSizeSchema({ minBytes: 100, maxBytes: KIB ** 3 });

it.each([
  ['100B', 100],
  ['32KiB', 32_768],
  ['10MiB', 10_485_760],
  ['1GiB', 1_073_741_824],
])('%s is %d bytes, and is written so', (text, bytes) => {
  expect(size.parse(text)).toBe(bytes);
  expect(formatByteSize(bytes)).toBe(text);
});

it.each([
  ['32', 'with its unit'],
  ['32K', 'with its unit'],
  ['1.5MiB', 'with its unit'],
  ['-1KiB', 'with its unit'],
  [32, 'in text'],
  ['99B', 'from 100B to 1GiB'],
  ['2GiB', 'from 100B to 1GiB'],
])('%j is refused', (value, why) => {
  expect(size.safeParse(value).error?.issues[0]?.message).toContain(why);
});
