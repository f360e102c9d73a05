import { createHash } from 'node:crypto';
import type { FleetDocument } from '../model/fleet-version.ts';
import type { Json } from '../model/json.ts';

const DIGEST_CHARACTERS = 12;

/** The same for the same document, in whatever order it names its keys. */
export function digestOf({ content, baseDir }: FleetDocument): string {
  const text = JSON.stringify({ content, baseDir }, (_key, value: Json) => sorted(value));
  return createHash('sha256').update(text).digest('hex').slice(0, DIGEST_CHARACTERS);
}

function sorted(value: Json): Json {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
