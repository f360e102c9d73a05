/** Sizes as people write them in a fleet file (`32KiB`, `10MiB`), in bytes inside. */

import { z } from 'zod';
import { shown } from './public.ts';

export const KIB = 1_024;
const UNITS = { B: 1, KiB: KIB, MiB: KIB ** 2, GiB: KIB ** 3 } as const;
const SIZE = /^(\d{1,9})(B|KiB|MiB|GiB)$/;

/** A size in text, as bytes. A bare number is refused: `32` may have meant anything. Both bounds are inclusive. */
export function byteSizeSchema({ minBytes, maxBytes }: { readonly minBytes: number; readonly maxBytes: number }) {
  return shown(z.string({ error: 'it must be a size in text, with its unit, such as 32KiB or 10MiB' }))
    .regex(SIZE, { error: ({ input }) => withBinaryUnit(input), abort: true })
    .transform((text, context) => {
      const bytes = parseByteSize(text);
      if (bytes >= minBytes && bytes <= maxBytes) return bytes;
      const message = `${text} is out of range; it must be from ${formatByteSize(minBytes)} to ${formatByteSize(maxBytes)}`;
      context.issues.push({ code: 'custom', message, input: text });
      return z.NEVER;
    });
}

function withBinaryUnit(input: unknown): string {
  const [, number, unit] = /^(\d{1,9}) ?([KMG])B?$/i.exec(String(input)) ?? [];
  const meant = unit === undefined ? '' : `; did you mean ${number}${unit.toUpperCase()}iB?`;
  return `it must be a whole number with its unit, such as 500B, 32KiB, 10MiB or 1GiB${meant}`;
}

/** In the largest unit that gives a whole number: `32KiB`. */
export function formatByteSize(bytes: number): string {
  const unit = (['GiB', 'MiB', 'KiB'] as const).find((name) => bytes > 0 && bytes % UNITS[name] === 0) ?? 'B';
  return `${bytes / UNITS[unit]}${unit}`;
}

/** Bytes; NaN where the text is no size. */
function parseByteSize(text: string): number {
  const [, count = '', unit = ''] = SIZE.exec(text) ?? [];
  return Number(count === '' ? Number.NaN : count) * (Object.entries(UNITS).find(([name]) => name === unit)?.[1] ?? 1);
}
