import { withoutCredentials } from '../../base/credentials.ts';
import type { Json, JsonObject } from '../../model/json.ts';
import type { Problem } from '../../settings/explain.ts';
import type { Path } from '../../settings/path.ts';
import { type IsPublic, NOT_SHOWN, shownKey } from '../../settings/public.ts';

/** A document with `NOT_SHOWN` in the place of each value that may not be shown. */
export function publicDocument(content: JsonObject, isPublic: IsPublic): JsonObject {
  const shownAt = (value: Json, path: Path): Json => {
    if (typeof value === 'string') return isPublic(path) ? withoutCredentials(value) : NOT_SHOWN;
    if (typeof value !== 'object' || value === null) return isPublic(path) ? value : NOT_SHOWN;
    if (Array.isArray(value)) return value.map((part, index) => shownAt(part, [...path, index]));
    return Object.fromEntries(
      Object.entries(value).map(([key, part]) => [String(shownKey(key)), shownAt(part, [...path, key])]),
    );
  };
  return shownAt(content, []) as JsonObject;
}

/** A document that was shown is none that can be applied: what was not shown has to be written in again. */
export function hiddenValues(content: Json, path: Path = []): Problem[] {
  if (typeof content === 'string' && content.includes(NOT_SHOWN)) {
    const message = `${NOT_SHOWN} stands here for a value that Drover does not show; write the value itself`;
    return [{ path, message }];
  }
  if (typeof content !== 'object' || content === null) return [];
  const parts: [string | number, Json][] = Array.isArray(content)
    ? content.map((part, index) => [index, part])
    : Object.entries(content);
  return parts.flatMap(([key, part]) => hiddenValues(part, [...path, key]));
}
