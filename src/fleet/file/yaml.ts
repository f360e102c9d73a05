/** YAML to plain values, with the way back from each value to its place in the text. */

import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  type YAMLError,
} from 'yaml';
import type { Path } from '../../settings/path.ts';
import { plainValue, UnusableYaml } from './yaml-value.ts';

export interface Place {
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
}

export interface YamlProblem {
  readonly place: Place;
  readonly message: string;
}

export interface YamlFile {
  readonly value: unknown;
  /** Where the entry or item at a path begins, or the nearest around it that exists. */
  place(path: Path): Place;
  /** Texts and numbers as they are written, an alias as one of them. */
  readonly scalars: readonly WrittenScalar[];
}

export interface WrittenScalar {
  readonly path: Path;
  /** Whether it is the name of a key, that is the last of its path. */
  readonly isKey: boolean;
  readonly isAlias: boolean;
  /** From 1. */
  readonly firstLine: number;
  readonly lastLine: number;
}

/** Never throws. */
export function readYaml(text: string): { file: YamlFile } | { problems: readonly YamlProblem[] } {
  const lines = new LineCounter();
  const place = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  try {
    const document = parseDocument(text, {
      lineCounter: lines,
      prettyErrors: false,
      stringKeys: true,
      // Its search for repeated keys takes time that grows with the square of their number; `plainValue` looks for them.
      uniqueKeys: false,
    });
    const errors = [...document.errors, ...document.warnings];
    const { explicit, version } = document.directives.yaml;
    // 1.1 reads other things into the same text: `no` is false, 0755 octal, 1:30 ninety.
    if (explicit === true && version !== '1.2') return { problems: [{ place: place(0), message: OTHER_YAML }] };
    if (errors.length > 0) return { problems: syntaxProblems(errors, place) };
    return {
      file: {
        value: plainValue(document.contents),
        place: (path) => place(find(document, path)?.range?.[0] ?? 0),
        scalars: scalarsIn(document.contents, place),
      },
    };
  } catch (error) {
    if (error instanceof UnusableYaml) {
      const { offset, firstOffset } = error;
      const first = firstOffset === null ? '' : `; the first is in line ${place(firstOffset).line}`;
      return { problems: [{ place: place(offset), message: `${error.message}${first}` }] };
    }
    const message = error instanceof RangeError ? TOO_DEEP : `it cannot be read: ${error}`;
    return { problems: [{ place: place(0), message }] };
  }
}

const OTHER_YAML = 'a fleet file is YAML 1.2; remove the line %YAML';

/** The parser recurses: some thousands of open brackets are the end of its stack. */
const TOO_DEEP = 'it is nested too deeply';

/** The first of each kind: what follows it is mostly the same again. */
function syntaxProblems(errors: readonly YAMLError[], place: (offset: number) => Place): YamlProblem[] {
  const exhausted = errors.find(({ code }) => code === 'RESOURCE_EXHAUSTION');
  const reported = new Map<string, number>();
  for (const error of exhausted === undefined ? errors : [exhausted]) {
    const message = inWords(error);
    if (!reported.has(message)) reported.set(message, error.pos[0]);
  }
  return [...reported].map(([message, offset]) => ({ place: place(offset), message }));
}

function inWords({ code, message }: YAMLError): string {
  switch (code) {
    case 'MULTIPLE_DOCS':
      return 'a fleet file is one document; remove the line --- and what follows it';
    case 'NON_STRING_KEY':
      return 'a key must be text';
    case 'RESOURCE_EXHAUSTION':
      return TOO_DEEP;
    case 'TAB_AS_INDENT':
      return 'YAML does not allow tabs for indentation; use spaces';
    case 'TAG_RESOLVE_FAILED':
      return 'tags (words that begin with !) have no meaning here; remove it, or put the text in quotes';
    case 'BAD_INDENT':
    case 'BLOCK_AS_IMPLICIT_KEY':
    case 'BLOCK_IN_FLOW':
    case 'MISSING_CHAR':
    case 'MULTILINE_IMPLICIT_KEY':
      // These quote nothing of the file.
      return message;
    default:
      return 'this is not usable YAML; put text in quotes, and look at the colons, commas and brackets before it';
  }
}

function scalarsIn(root: unknown, place: (offset: number) => Place): WrittenScalar[] {
  const found: WrittenScalar[] = [];
  const add = (node: unknown, path: Path, isKey: boolean) => {
    if (!isNode(node) || !node.range) return;
    const lines = { firstLine: place(node.range[0]).line, lastLine: place(node.range[1]).line };
    found.push({ path, isKey, isAlias: isAlias(node), ...lines });
  };
  const visit = (node: unknown, path: Path): void => {
    if (isMap(node)) {
      for (const { key, value } of node.items) {
        const inner = [...path, isScalar(key) ? String(key.value) : ''];
        add(key, inner, true);
        visit(value, inner);
      }
    } else if (isSeq(node)) {
      for (const [index, item] of node.items.entries()) visit(item, [...path, index]);
    } else {
      add(node, path, false);
    }
  };
  visit(root, []);
  return found;
}

/** The key of a mapping's entry or the item of a list; the nearest around it where there is no such thing. */
function find(document: Document.Parsed, path: Path): Node | null {
  let node: unknown = document.contents;
  let nearest: Node | null = document.contents;
  for (const step of path) {
    if (isAlias(node)) node = node.resolve(document);
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && key.value === step);
      if (!isNode(pair?.key)) break;
      nearest = pair.key;
      node = pair.value;
    } else if (isSeq(node) && typeof step === 'number') {
      node = node.items[step];
      if (!isNode(node)) break;
      nearest = node;
    } else {
      break;
    }
  }
  return nearest;
}
