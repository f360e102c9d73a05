/** JSON Pointer, RFC 6901: `/jobs/0/waiting`; the empty one is the whole document. `~1` stands for `/`, `~0` for `~`. */
export const JSON_POINTER = /^(\/([^~/]|~[01])*)*$/;

/** What a pointer points at; undefined where there is nothing. */
export function atPointer(document: unknown, pointer: string): unknown {
  let value = document;
  for (const token of pointer.split('/').slice(1)) {
    if (typeof value !== 'object' || value === null) return undefined;
    const key = token.replaceAll('~1', '/').replaceAll('~0', '~');
    if (Array.isArray(value) && !/^(0|[1-9]\d*)$/.test(key)) return undefined;
    if (!Object.hasOwn(value, key)) return undefined;
    value = Reflect.get(value, key);
  }
  return value;
}
