/** Where in a YAML document a position is, by its lines alone: a document that is being written is seldom whole. */

export interface Place {
  /** The keys and indices above the line. */
  readonly path: readonly (string | number)[];
  /** The key that the line has already; null while it is being written. */
  readonly key: string | null;
}

const ENTRY = /^(\s*)((?:- +)*)(?:([\w.-]+|"[^"]*"):(?=\s|$))?/;

interface Line {
  readonly indent: number;
  readonly dashes: number;
  readonly key: string | null;
}

/** @param lines of the document up to the position, the last one cut off there */
export function placeOf(lines: readonly string[]): Place {
  const last = lineOf(lines.at(-1) ?? '') ?? { indent: (lines.at(-1) ?? '').search(/\S|$/), dashes: 0, key: null };
  const path: (string | number)[] = [];
  let within = last.indent;
  if (last.dashes > 0) path.unshift(0);
  let inList = last.dashes > 0;
  for (const text of lines.slice(0, -1).toReversed()) {
    const line = lineOf(text);
    if (line === null || line.key === null) continue;
    const ownIndent = line.indent + line.dashes;
    const isParent = ownIndent < within || (inList && ownIndent === within && line.dashes === 0);
    if (!isParent) {
      // An entry of the same list item, further up: the dash before it is where the item begins.
      if (line.dashes > 0 && ownIndent === within && !inList) {
        path.unshift(0);
        within = line.indent;
        inList = true;
      }
      continue;
    }
    path.unshift(line.key);
    within = ownIndent;
    inList = line.dashes > 0;
    if (inList) {
      path.unshift(0);
      within = line.indent;
    }
  }
  return { path, key: last.key };
}

function lineOf(text: string): Line | null {
  if (/^\s*(#|$)/.test(text)) return null;
  const found = ENTRY.exec(text);
  if (found === null) return null;
  const [, indent = '', dashes = '', key] = found;
  return { indent: indent.length, dashes: dashes.length, key: key === undefined ? null : key.replaceAll('"', '') };
}
