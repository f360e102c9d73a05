import type { Completion, CompletionContext, CompletionResult } from '@codemirror/autocomplete';
import { parse } from 'yaml';
import { placeOf } from './path.ts';
import { nodesAt, type SchemaNode } from './schema.ts';

/** Offers what the fleet file's schema knows at the cursor: keys, or the words that a key's value may be. */
export function complete(context: CompletionContext): CompletionResult | null {
  const before = context.state.sliceDoc(0, context.pos);
  const word = context.matchBefore(/[\w.-]*/);
  if (word === null || (word.from === word.to && !context.explicit)) return null;
  const { path, key } = placeOf(before.split('\n'));
  const content = contentOf(context.state.doc.toString());
  const nodes = nodesAt(key === null ? path : [...path, key], content);
  const options = key === null ? keysOf(nodes) : valuesOf(nodes);
  return options.length === 0 ? null : { from: word.from, options, validFor: /^[\w.-]*$/ };
}

function keysOf(nodes: readonly SchemaNode[]): readonly Completion[] {
  const byKey = new Map<string, Completion>();
  for (const node of nodes) {
    for (const [key, schema] of Object.entries(node.properties ?? {})) {
      const isRequired = node.required?.includes(key) ?? false;
      const deeper = schema.type === 'object' || schema.type === 'array' || schema.properties !== undefined;
      byKey.set(key, {
        label: key,
        type: 'property',
        apply: deeper ? `${key}:` : `${key}: `,
        boost: isRequired ? 1 : 0,
        ...(isRequired ? { detail: 'required' } : {}),
        ...(schema.description === undefined ? {} : { info: schema.description }),
      });
    }
  }
  return [...byKey.values()];
}

function valuesOf(nodes: readonly SchemaNode[]): readonly Completion[] {
  const values = nodes.flatMap((node) => [
    ...(node.enum ?? []),
    ...(node.const === undefined ? [] : [node.const]),
    ...(node.type === 'boolean' ? [true, false] : []),
  ]);
  return [...new Set(values.map(String))].map((label) => ({ label, type: 'enum' }));
}

/** What the text says as far as it can be read. */
function contentOf(text: string): unknown {
  try {
    return parse(text, { logLevel: 'silent' });
  } catch {
    return undefined;
  }
}
