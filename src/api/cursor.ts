import { z } from 'zod';
import { Refusal } from './errors.ts';

/** Nothing that we make is longer. */
export const MAX_CURSOR_CHARACTERS = 1_024;

/** A position as text, which means nothing to others. */
export function toCursor(position: object): string {
  return Buffer.from(JSON.stringify(position)).toString('base64url');
}

/** @throws Refusal `malformed` for what `toCursor` has not made */
export function fromCursor<Position>(cursor: string, schema: z.ZodType<Position>): Position {
  const parsed = schema.safeParse(parseJson(Buffer.from(cursor, 'base64url').toString()));
  if (parsed.success) return parsed.data;
  throw new Refusal(
    'malformed',
    'cursor: it is not one that an answer has given as `next`; leave it out to begin anew',
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export const instancePosition = z.strictObject({ group: z.string(), createdAt: z.number(), id: z.string() });
/** Of an item that has a name of its own. */
const namePosition = z.strictObject({ name: z.string() });

/** A part of a list whose items have names, in the order of these. */
export function pageByName<Item extends { readonly name: string }>(
  all: readonly Item[],
  { cursor, limit }: { readonly cursor?: string | undefined; readonly limit: number },
): { readonly items: readonly Item[]; readonly next: string | null } {
  const after = cursor === undefined ? null : fromCursor(cursor, namePosition).name;
  const left = all
    .filter(({ name }) => after === null || name > after)
    .toSorted((one, other) => (one.name < other.name ? -1 : 1));
  const items = left.slice(0, limit);
  const last = items.at(-1);
  return { items, next: last !== undefined && left.length > limit ? toCursor({ name: last.name }) : null };
}
