/**
 * What of a fleet file may be shown outside of it: in errors, comparisons, logs, activities and answers. The one place that decides.
 *
 * What a schema does not say is public is not shown. Numbers, `true` and `false`, and words of a fixed list are public by their nature; text is
 * where its schema is marked with `shown`. Names of keys are public, too, where they look like names.
 */

import { z } from 'zod';
import { isObject, type Path, valueAt } from './path.ts';

export const publicity = z.registry<{ public: true }>();

/** Marks a schema: text that it takes may be shown. */
export function shown<T extends z.ZodType>(schema: T): T {
  publicity.add(schema, { public: true });
  return schema;
}

/** Whether all that stands at a path may be shown. */
export type IsPublic = (path: Path) => boolean;

/** For what `value` says, as `schema` describes its input. Unknown keys are not public. */
export function publicIn(schema: z.ZodType, value: unknown): IsPublic {
  return publicBySchema(z.toJSONSchema(schema, { metadata: publicity, io: 'input', unrepresentable: 'any' }), value);
}

/** The same with the JSON Schema that comes of it. */
export function publicBySchema(schema: unknown, value: unknown): IsPublic {
  return (path) => {
    let nodes = shapes(schema, value);
    path.forEach((step, index) => {
      const inside = valueAt(value, path.slice(0, index + 1));
      nodes = nodes.flatMap((node) => {
        const next = child(node, step);
        return next === undefined ? [undefined] : shapes(next, inside);
      });
    });
    return nodes.length > 0 && nodes.every((node) => isPublicValue(node, valueAt(value, path)));
  };
}

/** What stands in the place of what is not shown. */
export const NOT_SHOWN = '(not shown)';

/** A name of a key as it may be shown: what does not look like one may be a value that has slipped. */
export function shownKey(part: string | number): string | number {
  return typeof part === 'number' || /^[\w.<-]{1,64}$/.test(part) ? part : NOT_SHOWN;
}

const BY_NATURE = ['integer', 'number', 'boolean', 'null'];

function isPublicValue(node: unknown, value: unknown): boolean {
  if (!isObject(node)) return false;
  if (node.public === true || Array.isArray(node.enum) || node.const !== undefined) return true;
  if (typeof node.type === 'string' && BY_NATURE.includes(node.type)) return true;
  if (!isObject(value)) return false;
  const keys = Array.isArray(value) ? value.keys() : Object.keys(value);
  return [...keys].every((key) => {
    const parts = shapes(child(node, key), valueAt(value, [key]));
    return parts.length > 0 && parts.every((part) => isPublicValue(part, valueAt(value, [key])));
  });
}

function child(node: unknown, step: string | number): unknown {
  if (!isObject(node)) return undefined;
  if (typeof step === 'number') return node.items;
  const properties = isObject(node.properties) ? node.properties : {};
  return Object.hasOwn(properties, step) ? properties[step] : node.additionalProperties;
}

/** Of several shapes those that the value may be: the one whose fixed values (`provider`, `kind`) are its own, else all of them. */
function shapes(node: unknown, value: unknown): unknown[] {
  if (!isObject(node) || node.public === true) return [node];
  const several = Array.isArray(node.oneOf) ? node.oneOf : Array.isArray(node.anyOf) ? node.anyOf : null;
  if (several === null) return [node];
  const match = several.find((one) => {
    const properties = isObject(one) && isObject(one.properties) ? Object.entries(one.properties) : [];
    const fixed = properties.filter(([, property]) => isObject(property) && property.const !== undefined);
    return fixed.length > 0 && fixed.every(([key, property]) => valueAt(property, ['const']) === valueAt(value, [key]));
  });
  return match === undefined ? several.flatMap((one) => shapes(one, value)) : [match];
}
