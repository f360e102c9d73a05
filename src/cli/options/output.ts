import { type Command, Option } from 'commander';
import { type Context, print, printJson, programOf } from '../context.ts';
import { clean } from '../render/clean.ts';
import type { Look } from '../render/look.ts';
import { uncutLook } from '../terminal.ts';

/**
 * How a result is written: as a table in the terminal's width (`table`) or in full (`wide`), for programs (`json`, `yaml`), or as nothing
 * but the names that other commands take (`name`).
 */
export type Format = 'table' | 'wide' | 'json' | 'yaml' | 'name';

export const TABLES = ['table', 'wide', 'json', 'yaml'] as const satisfies readonly Format[];
export const NAMED_TABLES = [...TABLES, 'name'] as const satisfies readonly Format[];
/** What is read once, and never cut. */
export const TEXTS = ['table', 'json', 'yaml'] as const satisfies readonly Format[];

export interface OutputOptions {
  readonly json?: true;
  readonly output?: Format;
}

/** Gives a command `--output` with these formats, the first of which is the usual one, and `--json`. */
export function addOutput(command: Command, formats: readonly Format[], json = 'the same as `--output json`'): Command {
  const output = new Option('-o, --output <format>', `how it is written (default: ${formats[0]})`).choices(formats);
  return command.addOption(output).addOption(new Option('--json', json).conflicts('output'));
}

export function formatOf({ json, output }: OutputOptions): Format {
  return json === true ? 'json' : (output ?? 'table');
}

/** Ways to write a value. */
export interface Written {
  /** For a person. */
  table(look: Look): string;
  /** One a line. */
  names?(): readonly string[];
}

/** Writes a result in the format that was asked for. */
export async function printAs(
  context: Context,
  options: OutputOptions,
  value: unknown,
  { table, names = () => [] }: Written,
  command: Command,
): Promise<void> {
  const look = uncutLook(context.terminal, programOf(command));
  switch (formatOf(options)) {
    case 'table':
      return print(context, table(look));
    case 'wide':
      return print(context, table({ ...look, columns: Number.POSITIVE_INFINITY }));
    case 'json':
      return printJson(context, value, 2);
    case 'yaml':
      return await printYaml(context, value);
    case 'name':
      for (const name of names()) print(context, clean(name));
  }
}

/** YAML without any character that a terminal obeys. */
export async function printYaml(context: Context, value: unknown): Promise<void> {
  const { stringify } = await import('yaml');
  const text = stringify(JSON.parse(JSON.stringify(value)), { aliasDuplicateObjects: false, lineWidth: 0 });
  print(context, text.trimEnd().split('\n').map(clean).join('\n'));
}
