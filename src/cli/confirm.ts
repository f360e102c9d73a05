import { createInterface } from 'node:readline/promises';
import { CliError } from './actions.ts';
import type { Context } from './context.ts';
import { EXIT } from './exit-codes.ts';

/**
 * Asks before something is done that cannot be undone. Only a plain yes is one.
 * @throws CliError `usage` where nobody can be asked, `refused` for a no: a script that tries again what has failed does not ask twice
 */
export async function confirm({ terminal }: Context, question: string, yes: boolean): Promise<void> {
  if (yes) return;
  const { stdin, stderr, interrupted } = terminal;
  if (stdin.isTTY !== true || stderr.isTTY !== true) {
    throw new CliError(EXIT.usage, `${question} Cannot ask (stdin is not a terminal). Pass --yes to confirm.`);
  }
  const lines = createInterface({ input: stdin, output: stderr, terminal: false });
  try {
    const closed = new Promise<string>((resolve) => lines.once('close', () => resolve('')));
    const answer = await Promise.race([lines.question(`${question} [y/N] `, { signal: interrupted }), closed]);
    if (/^y(es)?$/i.test(answer.trim())) return;
  } finally {
    lines.close();
  }
  throw new CliError(EXIT.refused, 'Nothing was changed.');
}
