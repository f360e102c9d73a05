import type { Command } from 'commander';
import type { ApiClient } from '../../api/client.ts';
import type { StoredActivity } from '../../model/activity.ts';
import { type Context, findInstance, print, printJson, withClient } from '../context.ts';
import type { SourceFilter } from '../live/sights.ts';
import { listLines } from '../render/activities.ts';
import { uncutLook } from '../terminal.ts';

const followIntervalMs = 500;
/** The most that the API gives at a time. */
const maxActivities = 1_000;

export interface ActivityOptions {
  readonly group?: string;
  readonly instance?: string;
  readonly level?: 'info' | 'warning' | 'error';
  readonly limit: number;
  readonly follow?: true;
  readonly json?: true;
}

export async function activities(context: Context, options: ActivityOptions, command: Command): Promise<void> {
  await withClient(context, command, (client, signal) => showActivities(context, client, options, signal));
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
  const look = uncutLook(context.terminal, 'drover');
  for (const activity of activities) {
    if (options.json === true) printJson(context, activity);
    else print(context, listLines(activity, look).join('\n'));
  }
}

function lastSequence(activities: readonly StoredActivity[], otherwise: number): number {
  return activities.at(-1)?.sequence ?? otherwise;
}
