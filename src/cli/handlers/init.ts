import { writeFile } from 'node:fs/promises';
import { dirname, relative } from 'node:path';
import type { Command } from 'commander';
import { count } from '../../base/plural.ts';
import { didYouMean } from '../../base/suggest.ts';
import { errorCode } from '../../base/system-error.ts';
import type { Starter } from '../../model/starter.ts';
import { CliError } from '../actions.ts';
import { type Context, exists, fleetFilePath, print, programOf } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { askIn, chooseIn } from '../init/prompts.ts';
import { type Answers, type FirstFleet, FLAGS, gather } from '../init/questions.ts';
import { asTyped } from '../render/as-typed.ts';
import { colors } from '../render/look.ts';
import { wrapIndented } from '../render/text.ts';
import { terminalLook } from '../terminal.ts';

export interface InitOptions extends Answers {
  readonly provider?: string;
  readonly yes?: true;
}

const USUAL_PROVIDER = 'process';

export async function init(
  context: Context,
  file: string | undefined,
  options: InitOptions,
  command: Command,
): Promise<void> {
  const fleetFile = fleetFilePath(context, file);
  await refuseExisting(context, fleetFile);
  const starters = await context.actions.starters();
  const { stdin, stderr } = context.terminal;
  const mayAsk = options.yes !== true && stdin.isTTY === true && stderr.isTTY === true;
  const { type, starter } = await providerOf(context, starters, options, mayAsk);
  refuseUnasked(type, starter, options);
  const ask = mayAsk ? askIn(context.terminal) : null;
  const fleet = await gather(context, { fleetFile, type, starter, given: options, ask });
  await write(fleetFile, fleet.text);
  sayNext(context, fleetFile, file, starter, fleet, command);
}

async function refuseExisting({ terminal }: Context, fleetFile: string): Promise<void> {
  if (!(await exists(dirname(fleetFile)))) {
    throw new CliError(EXIT.refused, `There is no folder ${dirname(fleetFile)}: make it first.`);
  }
  if (!(await exists(fleetFile))) return;
  const name = relative(terminal.cwd, fleetFile);
  throw new CliError(
    EXIT.refused,
    `${fleetFile} is there already, and is not overwritten. Change it and use \`drover apply ${name}\`, or name another file: \`drover init other.yaml\`.`,
  );
}

async function providerOf(
  { terminal }: Context,
  starters: ReadonlyMap<string, Starter>,
  { provider }: InitOptions,
  mayAsk: boolean,
): Promise<{ readonly type: string; readonly starter: Starter }> {
  const usual = provider ?? USUAL_PROVIDER;
  const type = provider === undefined && mayAsk ? await chooseIn(terminal, starters, usual) : usual;
  const starter = starters.get(type);
  if (starter !== undefined) return { type, starter };
  throw new CliError(EXIT.usage, `--provider ${JSON.stringify(type)}: ${didYouMean(type, [...starters.keys()])}`);
}

/** An answer that nothing asks for would be lost without a word. */
function refuseUnasked(type: string, { questions }: Starter, given: InitOptions): void {
  const own = ['command', 'image', 'hosts', 'service', 'serverPort', 'engine'] as const;
  const unasked = own.find((key) => given[key] !== undefined && !questions.some((question) => question.key === key));
  if (unasked === undefined) return;
  const asked = questions.map(({ key }) => FLAGS[key]).join(', ');
  throw new CliError(EXIT.usage, `${FLAGS[unasked]} says nothing about ${type} servers; they have ${asked}.`);
}

async function write(fleetFile: string, text: string): Promise<void> {
  try {
    // Never over another one, also where that came meanwhile.
    await writeFile(fleetFile, text, { flag: 'wx' });
  } catch (error) {
    if (errorCode(error) === 'EEXIST')
      throw new CliError(EXIT.refused, `${fleetFile} came meanwhile, and is not overwritten.`);
    throw new CliError(EXIT.failed, `Could not write it: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function sayNext(
  context: Context,
  fleetFile: string,
  file: string | undefined,
  { title }: Starter,
  { answers, before, text }: FirstFleet,
  command: Command,
): void {
  const program = programOf(command);
  const look = terminalLook(context.terminal, program);
  const { bold, cyan } = colors(look);
  const { name, port, servers } = answers;
  print(
    context,
    `Wrote ${fleetFile}: the fleet ${name}, with ${count(Number(servers), 'server')}: ${title}, behind http://127.0.0.1:${port}.`,
  );
  if (before.length > 0) {
    const marked = text.includes('PLACEHOLDER') ? '; what is to be put in is marked PLACEHOLDER' : '';
    print(context, `\n${bold('Before it runs')} (the file says it, too${marked}):`);
    for (const sentence of before) {
      for (const line of wrapIndented(`- ${sentence}`, look.columns, '  ', '')) print(context, line);
    }
  }
  const named = file === undefined ? '' : ` ${file}`;
  const next: readonly (readonly [string, string])[] = [
    [`drover doctor${named}`, 'looks whether this host has what it needs'],
    [`drover run${named}`, 'runs it'],
    [`curl http://127.0.0.1:${port}/`, 'a server answers, from another terminal'],
  ];
  const typed = next.map(([line, effect]) => [asTyped(`\`${line}`, program).slice(1), effect] as const);
  const width = Math.max(...typed.map(([line]) => line.length));
  print(context, `\n${bold('Next')}:`);
  for (const [line, effect] of typed) print(context, `  ${cyan(line.padEnd(width))}   ${effect}`);
}
