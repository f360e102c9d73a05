import { type Command, InvalidArgumentError, Option } from 'commander';
import type { ApiClient } from '../../api/client.ts';
import type { StoredActivity } from '../../model/activity.ts';
import { type Context, findInstance, print, printJson, withClient } from '../context.ts';
import type { SourceFilter } from '../live/sights.ts';
import { listLine } from '../render/activities.ts';
import { terminalLook } from '../terminal.ts';

const followIntervalMs = 500;
const maxActivities = 1_000;

interface ActivityOptions {
  readonly group?: string;
  readonly instance?: string;
  readonly level?: 'info' | 'warning' | 'error';
  readonly limit: number;
  readonly follow?: true;
  readonly json?: true;
}

export function addActivitiesCommand(program: Command, context: Context): void {
  program
    .command('activities')
    .summary('show what was done, and why')
    .description('Shows what Drover did or refused to do and why, the newest last.')
    .option('--group <group>', 'only those of this group')
    .option('--instance <id>', 'only those of this instance; for one that is gone, the whole id')
    .addOption(new Option('--level <level>', 'only those at least so severe').choices(['info', 'warning', 'error']))
    .option('--limit <number>', `how many at first, 1 to ${maxActivities}`, limit, 50)
    .option('--follow', 'go on with new ones until interrupted')
    .option('--json', 'one JSON object a line')
    .action((options: ActivityOptions, command: Command) =>
      withClient(context, command, (client, signal) => showActivities(context, client, options, signal)),
    );
}

async function showActivities(
  context: Context,
  client: ApiClient,
  options: ActivityOptions,
  signal: AbortSignal,
): Promise<void> {
  const filter = await filterOf(client, options, signal);
  const first = await client.activities(filter, signal);
  show(context, first, options);
  if (options.follow !== true) return;
  try {
    await followActivities(context, client, options, { ...filter, afterSequence: lastSequence(first, 0) }, signal);
  } catch (error) {
    // An interrupt is how following ends.
    if (!signal.aborted) throw error;
  }
}

async function followActivities(
  context: Context,
  client: ApiClient,
  options: ActivityOptions,
  filter: SourceFilter,
  signal: AbortSignal,
): Promise<void> {
  let afterSequence = filter.afterSequence ?? 0;
  while (!signal.aborted) {
    await context.terminal.clock.sleep(followIntervalMs, signal);
    const fresh = await client.activities({ ...filter, afterSequence, limit: maxActivities }, signal);
    show(context, fresh, options);
    afterSequence = lastSequence(fresh, afterSequence);
  }
}

async function filterOf(client: ApiClient, options: ActivityOptions, signal: AbortSignal): Promise<SourceFilter> {
  const { group, instance, level, limit } = options;
  return {
    limit,
    ...(group === undefined ? {} : { group }),
    ...(level === undefined ? {} : { level }),
    ...(instance === undefined ? {} : { instanceId: await fullId(client, instance, signal) }),
  };
}

/** An instance that is gone is in no status: a whole id is taken as it is. */
async function fullId(client: ApiClient, given: string, signal: AbortSignal): Promise<string> {
  return /^i-[0-9a-f]{17}$/.test(given) ? given : (await findInstance(client, given, signal)).id;
}

function show(context: Context, activities: readonly StoredActivity[], options: ActivityOptions): void {
  const look = terminalLook(context.terminal);
  for (const activity of activities) {
    if (options.json === true) printJson(context, activity);
    else print(context, listLine(activity, look));
  }
}

function lastSequence(activities: readonly StoredActivity[], otherwise: number): number {
  return activities.at(-1)?.sequence ?? otherwise;
}

function limit(text: string): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= 1 && value <= maxActivities) return value;
  throw new InvalidArgumentError(`It must be a whole number from 1 to ${maxActivities}.`);
}
