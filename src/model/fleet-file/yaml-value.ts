import { isAlias, isMap, isNode, isScalar, isSeq, type YAMLMap, type YAMLSeq } from 'yaml';

/** With aliases counted as often as they are used: a few lines can otherwise stand for gigabytes. */
const MAX_VALUES = 100_000;
const MAX_DEPTH = 64;

/** YAML that is well formed and still of no use here. */
export class UnusableYaml extends Error {
  /** Where in the text. */
  readonly offset: number;

  constructor(node: unknown, message: string) {
    super(message);
    this.name = 'UnusableYaml';
    this.offset = isNode(node) ? (node.range?.[0] ?? 0) : 0;
  }
}

interface Built {
  readonly value: unknown;
  /** How many values it is made of. */
  readonly size: number;
  readonly depth: number;
}

/**
 * A YAML node as objects, lists and scalars, bounded in size and depth.
 * @throws UnusableYaml
 */
export function plainValue(root: unknown): unknown {
  // An anchor is known once its node is complete, so nothing can contain itself.
  const anchors = new Map<string, Built>();

  function build(node: unknown): Built {
    if (isAlias(node)) {
      const built = anchors.get(node.source);
      if (built === undefined) throw new UnusableYaml(node, `there is no anchor &${node.source} before this`);
      return built;
    }
    if (isMap(node)) return remember(node, mapping(node));
    if (isSeq(node)) return remember(node, list(node));
    if (isScalar(node)) return remember(node, { value: node.value, size: 1, depth: 1 });
    return { value: null, size: 1, depth: 1 };
  }

  function remember(node: { anchor?: string }, built: Built): Built {
    if (node.anchor !== undefined) anchors.set(node.anchor, built);
    return built;
  }

  function mapping(node: YAMLMap): Built {
    const entries = new Map<string, Built>();
    for (const { key, value } of node.items) {
      const name = isScalar(key) ? String(key.value) : '';
      if (entries.has(name)) throw new UnusableYaml(key, `the key ${name} is there twice`);
      // Libraries pass over this name in silence, because of what it means in JavaScript.
      if (name === '__proto__') throw new UnusableYaml(key, 'the name __proto__ cannot be used');
      entries.set(name, build(value));
    }
    const value = Object.fromEntries([...entries].map(([name, built]) => [name, built.value]));
    return collection(node, value, [...entries.values()]);
  }

  function list(node: YAMLSeq): Built {
    const items = node.items.map(build);
    const value = items.map((built) => built.value);
    return collection(node, value, items);
  }

  return build(root).value;
}

function collection(node: YAMLMap | YAMLSeq, value: unknown, parts: readonly Built[]): Built {
  const size = parts.reduce((sum, part) => sum + part.size, 1);
  const depth = parts.reduce((most, part) => Math.max(most, part.depth), 0) + 1;
  if (size > MAX_VALUES) throw new UnusableYaml(node, `it stands for more than ${MAX_VALUES} values`);
  if (depth > MAX_DEPTH) throw new UnusableYaml(node, `it is nested more than ${MAX_DEPTH} deep`);
  return { value, size, depth };
}
