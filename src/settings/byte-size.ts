import { z } from 'zod';
import { BYTE_SIZE, formatByteSize, parseByteSize } from '../base/byte-size.ts';
import { shown } from './public.ts';

/** A size in text, as bytes. A bare number is refused: `32` may have meant anything. Both bounds are inclusive. */
export function byteSizeSchema({ minBytes, maxBytes }: { readonly minBytes: number; readonly maxBytes: number }) {
  return shown(z.string({ error: 'it must be a size in text, with its unit, such as 32KiB or 10MiB' }))
    .regex(BYTE_SIZE, { error: ({ input }) => withBinaryUnit(input), abort: true })
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
