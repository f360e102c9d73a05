/** Sizes as people write them (`32KiB`, `10MiB`), in bytes inside. */

export const KIB = 1_024;
const UNITS = { B: 1, KiB: KIB, MiB: KIB ** 2, GiB: KIB ** 3 } as const;
export const BYTE_SIZE = /^(\d{1,9})(B|KiB|MiB|GiB)$/;

/** In the largest unit that gives a whole number: `32KiB`. */
export function formatByteSize(bytes: number): string {
  const unit = (['GiB', 'MiB', 'KiB'] as const).find((name) => bytes > 0 && bytes % UNITS[name] === 0) ?? 'B';
  return `${bytes / UNITS[unit]}${unit}`;
}

/** Bytes; NaN where the text is no size. */
export function parseByteSize(text: string): number {
  const [, count = '', unit = ''] = BYTE_SIZE.exec(text) ?? [];
  return Number(count === '' ? Number.NaN : count) * (Object.entries(UNITS).find(([name]) => name === unit)?.[1] ?? 1);
}
