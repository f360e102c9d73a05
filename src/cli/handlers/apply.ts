import { realpath } from 'node:fs/promises';
import { isDeepStrictEqual } from 'node:util';
import type { Command } from 'commander';
import { type ApiClient, ApiError } from '../../api/client.ts';
import { count } from '../../base/plural.ts';
import { CHANGE_KINDS, type FleetChange } from '../../fleet/change.ts';
import type { ValidFleetFile } from '../../fleet/file/load.ts';
import type { AppliedFleet, FleetVersions } from '../../views/fleet-versions.ts';
import { CliError, InvalidFleetFile, SaidAlready } from '../actions.ts';
import { confirm } from '../confirm.ts';
import { type Context, fleetFilePath, print, programOf, say, warn, withClient } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { formatOf, type OutputOptions, printAs } from '../options/output.ts';
import { type WaitOptions, waits } from '../options/wait.ts';
import { renderChanges, renderCounts, renderKept } from '../render/changes.ts';
import { uncutLook } from '../terminal.ts';
import { groupsRemaining, waitUntilDone } from '../wait.ts';
import { warnOfFile } from './validate.ts';
import { inForce } from './versions.ts';

export interface ApplyOptions extends OutputOptions, WaitOptions {
  readonly yes?: true;
  readonly plan?: true;
  readonly dryRun?: true;
  readonly detailedExitcode?: true;
}

/** A change of the desired fleet that is shown before it is made. */
interface Proposal {
  /** What would be done, as a question. */
  question(changes: readonly FleetChange[]): string;
  readonly changes: readonly FleetChange[];
  /** The file that is applied; null where there is none. */
  readonly file: string | null;
  make(signal: AbortSignal): Promise<AppliedFleet>;
}

export async function apply(
  context: Context,
  file: string | undefined,
  options: ApplyOptions,
  command: Command,
): Promise<void> {
  checkOptions(options);
  const path = fleetFilePath(context, file);
  const loaded = await context.actions.loadFleet(path);
  if (!loaded.ok) throw new InvalidFleetFile(loaded.errors);
  const use = async (client: ApiClient, signal: AbortSignal) => {
    const { owner } = await client.fleetVersions(signal);
    const propose =
      owner.kind === 'api' ? documentProposal(client, path, loaded, signal) : fileProposal(client, path, owner, signal);
    await showAndMake(context, client, await propose, options, command);
  };
  await withClient(context, command, use, path);
}

/** `apply` of the file that owns the fleet. */
export async function reload(context: Context, options: ApplyOptions, command: Command): Promise<void> {
  checkOptions(options);
  await withClient(context, command, async (client, signal) => {
    // Where the API owns the fleet, the controller says here what to do instead.
    const changes = await client.fleetChanges(signal).catch(invalidFile);
    const { fleetFile } = await client.status(signal);
    await showAndMake(context, client, ownFileProposal(client, fleetFile, changes, signal), options, command);
  });
}

export async function rollback(
  context: Context,
  number: number,
  options: ApplyOptions,
  command: Command,
): Promise<void> {
  checkOptions(options);
  await withClient(context, command, async (client, signal) => {
    const known = await client.fleetVersions(signal);
    const current = inForce(known);
    const make = () => client.rollbackFleet(number, current, signal);
    // Where a file owns the fleet, the controller says what to do instead.
    if (known.owner.kind === 'file') return void (await make());
    const changes = await client.compareFleetVersions(current, number, signal);
    const question = () => `Bring version ${number} back, with ${count(changes.length, 'change')}?`;
    await showAndMake(context, client, { question, changes, file: null, make }, options, command);
  });
}

function checkOptions(options: ApplyOptions): void {
  const isPlan = isPlanOnly(options);
  if (isPlan && options.yes === true) {
    throw new CliError(EXIT.usage, '--plan changes nothing, and --yes is for a change: give one of them.');
  }
  if (options.detailedExitcode === true && !isPlan) {
    throw new CliError(EXIT.usage, '--detailed-exitcode tells whether a plan has changes: give --plan, too.');
  }
  if (formatOf(options) !== 'table' && !isPlan && options.yes !== true) {
    throw new CliError(EXIT.usage, 'A program cannot be asked: give --plan to see the plan, or --yes to apply it.');
  }
}

function isPlanOnly({ plan, dryRun }: ApplyOptions): boolean {
  return plan === true || dryRun === true;
}

async function documentProposal(
  client: ApiClient,
  file: string,
  { document }: ValidFleetFile,
  signal: AbortSignal,
): Promise<Proposal> {
  const { madeFrom, changes } = await client.planFleet(document, signal);
  return { question: applyQuestion, changes, file, make: () => client.applyFleet(document, madeFrom, signal) };
}

/** Only the file that owns the fleet may change it. */
async function fileProposal(
  client: ApiClient,
  path: string,
  owner: Extract<FleetVersions['owner'], { kind: 'file' }>,
  signal: AbortSignal,
): Promise<Proposal> {
  if (!(await isSameFile(path, owner.path))) {
    throw new CliError(
      EXIT.refused,
      `The file ${owner.path} owns this fleet, so ${path} is not applied: change that one, then \`drover apply ${owner.path}\`.`,
    );
  }
  return ownFileProposal(client, owner.path, await client.fleetChanges(signal).catch(invalidFile), signal);
}

function ownFileProposal(
  client: ApiClient,
  file: string | null,
  changes: readonly FleetChange[],
  signal: AbortSignal,
): Proposal {
  const make = async () => {
    // What a person has agreed to is what was shown.
    refuseOtherChanges(changes, await client.fleetChanges(signal).catch(invalidFile));
    return client.reloadFleet(signal).catch(invalidFile);
  };
  return { question: applyQuestion, changes, file, make };
}

function applyQuestion(changes: readonly FleetChange[]): string {
  return `Apply ${count(changes.length, 'change')}?`;
}

async function isSameFile(one: string, other: string): Promise<boolean> {
  const real = (path: string) => realpath(path).catch(() => path);
  return (await real(one)) === (await real(other));
}

function refuseOtherChanges(shown: readonly FleetChange[], now: readonly FleetChange[]): void {
  if (isDeepStrictEqual(shown, now)) return;
  throw new CliError(
    EXIT.refused,
    'The fleet file has changed since its changes were shown. Nothing was applied; run the command again.',
  );
}

/** The API calls every value that it cannot take invalid; here that value is the fleet file. */
function invalidFile(error: unknown): never {
  if (error instanceof ApiError && error.code === 'invalid') throw new CliError(EXIT.invalidFleetFile, error.message);
  throw error;
}

/** Shows the plan, asks, makes the change, and waits for what it leads to, as far as the options want that. */
async function showAndMake(
  context: Context,
  client: ApiClient,
  proposal: Proposal,
  options: ApplyOptions,
  command: Command,
): Promise<void> {
  const { changes, file, make, question } = proposal;
  const signal = context.terminal.interrupted;
  const isForPerson = formatOf(options) === 'table' || formatOf(options) === 'wide';
  if (isForPerson) {
    await printPlan(context, client, changes, options, command);
    if (file !== null && changes.length > 0) await warnOfFile(context, file);
  }
  if (isPlanOnly(options)) {
    if (!isForPerson) await printAs(context, options, planView(file, changes, null), written(changes), command);
    if (options.detailedExitcode === true && changes.length > 0) throw new SaidAlready(EXIT.changes);
    return;
  }
  if (changes.length > 0) await confirm(context, question(changes), options.yes === true);
  const applied = changes.length === 0 ? null : await make(signal);
  if (!isForPerson) await printAs(context, options, planView(file, changes, applied), written(changes), command);
  else if (applied !== null) {
    print(context, `Applied ${count(applied.changes.length, 'change')}. The fleet is at version ${applied.version}.`);
  }
  // What could not be done yet.
  for (const sentence of applied?.pending ?? []) warn(context, sentence);
  if (!waits(options)) return;
  await waitUntilDone(context, client, options, groupsRemaining(null));
  say(context, 'Every group is as it should be.');
}

async function printPlan(
  context: Context,
  client: ApiClient,
  changes: readonly FleetChange[],
  options: ApplyOptions,
  command: Command,
): Promise<void> {
  if (changes.length === 0) return print(context, 'No changes.');
  const fit = uncutLook(context.terminal, programOf(command));
  const look = formatOf(options) === 'wide' ? { ...fit, columns: Number.POSITIVE_INFINITY } : fit;
  const { groups } = await client.status(context.terminal.interrupted);
  const lines = [
    ...renderChanges(changes, look),
    '',
    renderCounts(changes, look),
    ...renderKept(changes, groups, look),
  ];
  print(context, lines.join('\n'));
}

/** For programs: what would change, and what was applied; null where nothing was. */
function planView(file: string | null, changes: readonly FleetChange[], applied: AppliedFleet | null): object {
  const counts = CHANGE_KINDS.map((kind) => [kind, changes.filter((change) => change.kind === kind).length] as const);
  return { file, changes, counts: Object.fromEntries(counts), applied };
}

function written(changes: readonly FleetChange[]) {
  // Persons were shown the plan before they were asked.
  return { table: () => '', names: () => changes.map(({ path }) => path) };
}
