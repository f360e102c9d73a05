import type { Starter } from '../../model/starter.ts';
import { CliError } from '../actions.ts';
import { EXIT } from '../exit-codes.ts';
import type { Terminal } from '../terminal.ts';
import type { Ask } from './questions.ts';

/** Asks in the terminal, on standard error. What is wrong with an answer is said at once, and it is asked for again. */
export function askIn(terminal: Terminal): Ask {
  return async (message, usual, problem) => {
    const { default: input } = await import('@inquirer/input');
    const validate = async (answer: string) => (await problem(answer)) ?? true;
    const question = { message, validate, ...(usual === null ? {} : { default: usual }) };
    return unlessLeft(() => input(question, placeOf(terminal)));
  };
}

/** Lets a person choose what the servers are. */
export async function chooseIn(
  terminal: Terminal,
  starters: ReadonlyMap<string, Starter>,
  usual: string,
): Promise<string> {
  const { default: select } = await import('@inquirer/select');
  const names = [usual, ...[...starters.keys()].filter((name) => name !== usual)];
  const width = Math.max(...names.map((name) => name.length));
  const choices = names.map((name) => ({
    value: name,
    name: `${name.padEnd(width)}  ${starters.get(name)?.title ?? ''}`,
    short: name,
  }));
  return unlessLeft(() => select({ message: 'What are the servers?', choices, loop: false }, placeOf(terminal)));
}

function placeOf({ stdin, stderr, interrupted }: Terminal) {
  return { input: stdin, output: stderr, signal: interrupted };
}

/** Ctrl-C, and the end of what is read. */
async function unlessLeft(ask: () => Promise<string>): Promise<string> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof Error && /^(?:Exit|Abort)PromptError$/.test(error.name)) {
      throw new CliError(EXIT.interrupted, 'Nothing was written.');
    }
    throw error;
  }
}
