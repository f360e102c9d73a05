import { isAlias, isMap, isNode, isScalar, isSeq, type YAMLMap, type YAMLSeq } from 'yaml';

/** With aliases counted as often as they are used: a few lines can otherwise stand for gigabytes. */
const MAX_VALUES = 100_000;
const MAX_DEPTH = 64;
/** Of keys and texts, counted likewise; a file of the largest size stands for about a quarter of it. */
const MAX_CHARACTERS = 1_000_000;

/** YAML that is well formed and still of no use here. */
export class UnusableYaml extends Error {
  /** Where in the text. */
  readonly offset: number;
  /** Where that begins which it repeats; null for no repetition. */
  readonly firstOffset: number | null;

  constructor(node: unknown, message: string, first: unknown = null) {
    super(message);
    this.name = 'UnusableYaml';
    this.offset = isNode(node) ? (node.range?.[0] ?? 0) : 0;
    this.firstOffset = isNode(first) ? (first.range?.[0] ?? null) : null;
  }
}

interface Built {
  readonly value: unknown;
  /** How many values it is made of. */
  readonly size: number;
  readonly characters: number;
  readonly depth: number;
}

/**
 * A YAML node as objects, lists and scalars, bounded in size, length and depth.
 * @throws UnusableYaml
 */
export function plainValue(root: unknown): unknown {
  // An anchor is known once its node is complete, so nothing can contain itself.
  const anchors = new Map<string, Built>();

  function build(node: unknown): Built {
    if (isAlias(node)) {
      const built = anchors.get(node.source);
      if (built === undefined) throw new UnusableYaml(node, 'there is no anchor of this name before this');
      return built;
    }
    if (isMap(node)) return remember(node, mapping(node));
    if (isSeq(node)) return remember(node, list(node));
    if (isScalar(node)) return remember(node, scalar(node.value));
    return scalar(null);
  }

  function remember(node: { anchor?: string }, built: Built): Built {
    if (node.anchor !== undefined) anchors.set(node.anchor, built);
    return built;
  }

  function mapping(node: YAMLMap): Built {
    const entries = new Map<string, Built>();
    for (const { key, value } of node.items) {
      const name = isScalar(key) ? String(key.value) : '';
      if (entries.has(name)) {
        const first = node.items.find((item) => isScalar(item.key) && String(item.key.value) === name)?.key;
        throw new UnusableYaml(key, 'this key is there twice', first);
      }
      // Libraries pass over this name in silence, because of what it means in JavaScript.
      if (name === '__proto__') throw new UnusableYaml(key, 'the name __proto__ cannot be used');
      entries.set(name, build(value));
    }
    const value = Object.fromEntries([...entries].map(([name, built]) => [name, built.value]));
    const keyCharacters = [...entries.keys()].reduce((sum, name) => sum + name.length, 0);
    return collection(node, value, [...entries.values()], keyCharacters);
  }

  function list(node: YAMLSeq): Built {
    const items = node.items.map(build);
    const value = items.map((built) => built.value);
    return collection(node, value, items, 0);
  }

  return build(root).value;
}

function scalar(value: unknown): Built {
  return { value, size: 1, characters: typeof value === 'string' ? value.length : 0, depth: 1 };
}

function collection(node: YAMLMap | YAMLSeq, value: unknown, parts: readonly Built[], keyCharacters: number): Built {
  const size = parts.reduce((sum, part) => sum + part.size, 1);
  const characters = parts.reduce((sum, part) => sum + part.characters, keyCharacters);
  const depth = parts.reduce((most, part) => Math.max(most, part.depth), 0) + 1;
  if (size > MAX_VALUES) throw new UnusableYaml(node, `it stands for more than ${MAX_VALUES} values`);
  if (characters > MAX_CHARACTERS) throw new UnusableYaml(node, `it stands for more than ${MAX_CHARACTERS} characters`);
  if (depth > MAX_DEPTH) throw new UnusableYaml(node, `it is nested more than ${MAX_DEPTH} deep`);
  return { value, size, characters, depth };
}
