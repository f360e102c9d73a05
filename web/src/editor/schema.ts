/** The fleet file's JSON Schema, and what it says of one place in a document. */

import fleetSchema from '../../../schema/fleet.schema.json' with { type: 'json' };

export interface SchemaNode {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly additionalProperties?: SchemaNode | boolean;
  readonly items?: SchemaNode;
  readonly required?: readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly oneOf?: readonly SchemaNode[];
  readonly anyOf?: readonly SchemaNode[];
  readonly allOf?: readonly SchemaNode[];
}

export const FLEET_SCHEMA = fleetSchema as SchemaNode;

/** The keys that tell the kinds of a thing apart. */
const KINDS = ['type', 'provider'];

/** All that the schema allows at a place: several where it could be of several kinds. @param path keys and indices from the document's root */
export function nodesAt(path: readonly (string | number)[], content: unknown): readonly SchemaNode[] {
  let nodes = branches(FLEET_SCHEMA, content);
  let value = content;
  for (const part of path) {
    value = childOf(value, part);
    nodes = nodes.flatMap((node) => branches(nextOf(node, part), value));
  }
  return nodes;
}

function nextOf(node: SchemaNode, part: string | number): SchemaNode | undefined {
  if (typeof part === 'number') return node.items;
  const named = node.properties?.[part];
  if (named !== undefined) return named;
  return typeof node.additionalProperties === 'object' ? node.additionalProperties : undefined;
}

/** Of the kinds that a thing may be those that it says it is, or all while it does not say. */
function branches(node: SchemaNode | undefined, value: unknown): readonly SchemaNode[] {
  if (node === undefined) return [];
  const kinds = [...(node.oneOf ?? []), ...(node.anyOf ?? []), ...(node.allOf ?? [])];
  if (kinds.length === 0) return [node];
  const fitting = kinds.filter((kind) => KINDS.every((key) => agrees(kind.properties?.[key], childOf(value, key))));
  return [node, ...(fitting.length === 0 ? kinds : fitting).flatMap((kind) => branches(kind, value))];
}

function agrees(schema: SchemaNode | undefined, value: unknown): boolean {
  return value === undefined || value === null || schema?.const === undefined || schema.const === value;
}

function childOf(value: unknown, part: string | number): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  return (value as Record<string | number, unknown>)[part];
}
