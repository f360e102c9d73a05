import type { Command } from 'commander';
import { splitWords } from '../../base/words.ts';
import { complete, type KnownNames } from '../complete/candidates.ts';
import { type Context, print } from '../context.ts';
import { clean } from '../render/clean.ts';

/**
 * Prints what may stand at the cursor: in each line a word, a tab and its description, and in the last one `:files`, `:folders` or `:none`.
 * @param line up to the cursor, whole or in words
 */
export async function printCandidates(
  context: Context,
  program: Command,
  line: string | readonly string[],
): Promise<void> {
  const { candidates, files } = await complete(program, wordsOf(line), lazyNames(context));
  for (const { value, description } of candidates) print(context, `${clean(value)}\t${clean(description)}`);
  print(context, `:${files}`);
}

/** Without the name of the program, and what is set for it alone (`A=b drover`). */
function wordsOf(line: string | readonly string[]): readonly string[] {
  if (typeof line !== 'string') return line.slice(1);
  const { words, isOpen } = splitWords(line);
  const own = words.findIndex((word) => !/^\w+=/.test(word));
  return [...words.slice(own + 1), ...(isOpen ? [] : [''])];
}

/** Commands and options alone are completed without loading what talks to a controller. */
function lazyNames(context: Context): KnownNames {
  const names = async () => (await import('../complete/names.ts')).namesFrom(context);
  return {
    groups: async (data) => (await names()).groups(data),
    instances: async (data) => (await names()).instances(data),
    versions: async (data) => (await names()).versions(data),
    providers: async () => (await names()).providers(),
  };
}
