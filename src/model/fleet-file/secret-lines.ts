import { maySecretsBeBelow } from '../secrets.ts';
import type { Path } from './path.ts';

/** What is said in place of a sentence that may quote a secret. */
export const UNQUOTED_PROBLEM =
  'this is not usable YAML; put the values in quotes, and name each variable once (nothing is quoted here: it may be secret)';

/** Names of groups and load balancers stand second in a path, and are no settings. */
const NAME_POSITION = 1;

export function isSecretPath(path: Path): boolean {
  return path.some((part, position) => position !== NAME_POSITION && maySecretsBeBelow(part));
}

const KEY = /(?<![A-Za-z])([A-Za-z][\w-]*)["']?\s*:/g;
/** How a line begins that is in order, and may end what came before. */
const ENTRY = /^ *["']?[\w-]+["']? *:/;
const QUOTED = /"(?:\\.|[^"\\])*"|'[^']*'/g;

/**
 * The lines, from 1, that may show a secret. Told from the text alone, as a file with an error may have no structure yet: a line
 * with such a key, those that are indented more, those before its brackets are closed, and those before another key begins. Below
 * a key with nothing beside it the next line is hidden however it is indented, and those like it: that may be what is wrong.
 */
export function secretLines(text: string): ReadonlySet<number> {
  const secret = new Set<number>();
  let least = Number.POSITIVE_INFINITY;
  let openBrackets = 0;
  let isBare = false;
  for (const [index, line] of text.split('\n').entries()) {
    const indent = line.search(/\S/);
    if (indent < 0) continue;
    if (isBare) least = Math.min(least, indent);
    isBare = false;
    const isDamaged = least < Number.POSITIVE_INFINITY && !ENTRY.test(line);
    if (indent >= least || isDamaged || openBrackets > 0) {
      openBrackets = Math.max(0, openBrackets + netBrackets(line));
      secret.add(index + 1);
      continue;
    }
    least = Number.POSITIVE_INFINITY;
    const value = secretValue(line);
    if (value === null) continue;
    secret.add(index + 1);
    least = indent + 1;
    openBrackets = Math.max(0, netBrackets(value));
    isBare = value.trim() === '';
  }
  return secret;
}

/** What follows the first such key of a line. */
function secretValue(line: string): string | null {
  for (const match of line.matchAll(KEY)) {
    if (maySecretsBeBelow(match[1] ?? '')) return line.slice(match.index + match[0].length);
  }
  return null;
}

function netBrackets(text: string): number {
  const bare = text.replaceAll(QUOTED, '');
  return bare.replaceAll(/[^{[]/g, '').length - bare.replaceAll(/[^}\]]/g, '').length;
}
