import type { Argument, Command, Option } from 'commander';
import { SUSPENDABLE_PROCESSES } from '../../model/scaling-policy.ts';

/** A word that may stand where the cursor is. */
export interface Candidate {
  readonly value: string;
  readonly description: string;
}

export interface Completion {
  readonly candidates: readonly Candidate[];
  /** What of the file system may stand there, too: the shell knows best how to complete it. */
  readonly files: 'none' | 'files' | 'folders';
}

/** Names that only somebody else knows. None where they are not to be had in time. */
export interface KnownNames {
  /** @param data the data folder that the line names; undefined for none */
  groups(data: string | undefined): Promise<readonly Candidate[]>;
  instances(data: string | undefined): Promise<readonly Candidate[]>;
  versions(data: string | undefined): Promise<readonly Candidate[]>;
  providers(): Promise<readonly Candidate[]>;
}

/** Where the cursor is: in which command, at which of its arguments, or at the value of an option. */
interface Place {
  readonly command: Command;
  /** The arguments before it. */
  readonly args: readonly string[];
  /** The options before it, by their long names. */
  readonly options: ReadonlyMap<string, string>;
  /** The option whose value the word is; null where it is none. */
  readonly value: Option | null;
  /** After `--`: no option follows. */
  readonly isEnded: boolean;
}

const NOTHING: Completion = { candidates: [], files: 'none' };

/**
 * What may stand at the end of a line, from the tree of commands.
 * @param words the line after the program's own name; the last one is what the cursor is in, empty for a new word
 */
export async function complete(program: Command, words: readonly string[], names: KnownNames): Promise<Completion> {
  const current = words.at(-1) ?? '';
  const place = placeOf(program, words.slice(0, -1));
  const data = place.options.get('--data');
  const found = await at(program, place, current, { names, data });
  return { ...found, candidates: found.candidates.filter(({ value }) => value.startsWith(current)) };
}

interface Source {
  readonly names: KnownNames;
  readonly data: string | undefined;
}

async function at(program: Command, place: Place, current: string, source: Source): Promise<Completion> {
  const { command, args, value, isEnded } = place;
  if (value !== null) return await valuesOf(value, source);
  if (!isEnded && current.startsWith('--') && current.includes('=')) {
    const name = current.slice(0, current.indexOf('='));
    const option = optionNamed(program, command, name);
    if (option === null || !takesValue(option)) return NOTHING;
    const { candidates, files } = await valuesOf(option, source);
    return { files, candidates: candidates.map((one) => ({ ...one, value: `${name}=${one.value}` })) };
  }
  if (!isEnded && current.startsWith('-')) return { candidates: flagsOf(program, place), files: 'none' };
  if (command.commands.length > 0)
    return { candidates: args.length === 0 ? subcommandsOf(command) : [], files: 'none' };
  const { registeredArguments } = command;
  const last = registeredArguments.at(-1);
  const argument = registeredArguments[args.length] ?? (last?.variadic === true ? last : undefined);
  return argument === undefined ? NOTHING : await argumentsOf(program, argument, args, source);
}

function placeOf(program: Command, words: readonly string[]): Place {
  let command = program;
  let args: string[] = [];
  let isEnded = false;
  const options = new Map<string, string>();
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] ?? '';
    if (isEnded) args.push(word);
    else if (word === '--') isEnded = true;
    else if (word.startsWith('-') && word !== '-') {
      const [name = '', inside] = word.startsWith('--') ? splitOnce(word) : [word];
      const option = optionNamed(program, command, name);
      const isOpen = option !== null && takesValue(option) && inside === undefined;
      if (isOpen && index === words.length - 1) return { command, args, options, value: option, isEnded };
      if (isOpen) index += 1;
      options.set(option?.long ?? name, inside ?? words[index] ?? '');
    } else {
      const next = args.length === 0 ? command.commands.find((each) => each.name() === word) : undefined;
      if (next === undefined) args.push(word);
      else [command, args] = [next, []];
    }
  }
  return { command, args, options, value: null, isEnded };
}

function splitOnce(word: string): readonly [string, string?] {
  const at = word.indexOf('=');
  return at === -1 ? [word] : [word.slice(0, at), word.slice(at + 1)];
}

function optionNamed(program: Command, command: Command, name: string): Option | null {
  return [...command.options, ...program.options].find(({ long, short }) => long === name || short === name) ?? null;
}

function takesValue({ required, optional }: Option): boolean {
  return required || optional;
}

/** Those that are not there yet and do not exclude each other: what the command has, and what all commands have. */
function flagsOf(program: Command, { command, options }: Place): readonly Candidate[] {
  const own = command.createHelp().visibleOptions(command);
  const common = command === program ? [] : program.options.filter(({ long }) => long !== '--version');
  return [...own, ...common].flatMap(({ long, description }) =>
    long == null || options.has(long) ? [] : [{ value: long, description }],
  );
}

function subcommandsOf(command: Command): readonly Candidate[] {
  const visible = command.createHelp().visibleCommands(command);
  return visible.map((each) => ({ value: each.name(), description: each.summary() || each.description() }));
}

async function valuesOf({ argChoices, flags }: Option, source: Source): Promise<Completion> {
  if (argChoices !== undefined) return { candidates: argChoices.map(bare), files: 'none' };
  return await byName(/<([^>]+)>/.exec(flags)?.[1] ?? '', source);
}

async function argumentsOf(
  program: Command,
  argument: Argument,
  before: readonly string[],
  source: Source,
): Promise<Completion> {
  if (argument.argChoices !== undefined) return { candidates: argument.argChoices.map(bare), files: 'none' };
  if (argument.name() === 'command') {
    const parent = before.reduce<Command | undefined>(
      (command, name) => command?.commands.find((each) => each.name() === name),
      program,
    );
    return { candidates: parent === undefined ? [] : subcommandsOf(parent), files: 'none' };
  }
  const { candidates, files } = await byName(argument.name(), source);
  return { files, candidates: candidates.filter(({ value }) => !before.includes(value)) };
}

/** What an argument, or the value of an option, is called says what may stand there. */
async function byName(name: string, { names, data }: Source): Promise<Completion> {
  switch (name) {
    case 'group':
      return { candidates: await names.groups(data), files: 'none' };
    case 'instance':
    case 'id':
      return { candidates: await names.instances(data), files: 'none' };
    case 'version':
    case 'from':
    case 'to':
      return { candidates: await names.versions(data), files: 'none' };
    case 'type':
      return { candidates: await names.providers(), files: 'none' };
    case 'process':
      return { candidates: SUSPENDABLE_PROCESSES.map(bare), files: 'none' };
    case 'fleet.yaml':
    case 'file':
      return { candidates: [], files: 'files' };
    case 'folder':
      return { candidates: [], files: 'folders' };
    default:
      return NOTHING;
  }
}

function bare(value: string): Candidate {
  return { value, description: '' };
}
