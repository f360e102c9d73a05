import type { Command } from 'commander';
import type { ApiClient } from '../../api/client.ts';
import type { StoredActivity } from '../../model/activity.ts';
import { type Context, findInstance, print, printJson, programOf, withClient } from '../context.ts';
import type { SourceFilter } from '../live/sights.ts';
import { formatOf, type OutputOptions, printYaml } from '../options/output.ts';
import { listLines } from '../render/activities.ts';
import { uncutLook } from '../terminal.ts';

const followIntervalMs = 500;
/** The most that the API gives at a time. */
const maxActivities = 1_000;

export interface ActivityOptions extends OutputOptions {
  readonly group?: string;
  readonly instance?: string;
  readonly level?: 'info' | 'warning' | 'error';
  readonly limit: number;
  readonly follow?: true;
}

export async function activities(context: Context, options: ActivityOptions, command: Command): Promise<void> {
  await withClient(context, command, (client, signal) => showActivities(context, client, options, command, signal));
}

async function showActivities(
  context: Context,
  client: ApiClient,
  options: ActivityOptions,
  command: Command,
  signal: AbortSignal,
): Promise<void> {
  const filter = await filterOf(client, options, signal);
  const first = await client.activities(filter, signal);
  await show(context, first, options, command);
  if (options.follow !== true) return;
  try {
    await followActivities(
      context,
      client,
      options,
      command,
      { ...filter, afterSequence: lastSequence(first, 0) },
      signal,
    );
  } catch (error) {
    // An interrupt is how following ends.
    if (!signal.aborted) throw error;
  }
}

async function followActivities(
  context: Context,
  client: ApiClient,
  options: ActivityOptions,
  command: Command,
  filter: SourceFilter,
  signal: AbortSignal,
): Promise<void> {
  let afterSequence = filter.afterSequence ?? 0;
  while (!signal.aborted) {
    await context.terminal.clock.sleep(followIntervalMs, signal);
    const fresh = await client.activities({ ...filter, afterSequence, limit: maxActivities }, signal);
    await show(context, fresh, options, command);
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

/** Each by itself, as they come: JSON a line, and items of one YAML list. */
async function show(
  context: Context,
  activities: readonly StoredActivity[],
  options: ActivityOptions,
  command: Command,
): Promise<void> {
  const look = uncutLook(context.terminal, programOf(command));
  const columns = formatOf(options) === 'wide' ? Number.POSITIVE_INFINITY : look.columns;
  for (const activity of activities) {
    switch (formatOf(options)) {
      case 'json':
        printJson(context, activity);
        break;
      case 'yaml':
        await printYaml(context, [activity]);
        break;
      case 'table':
      case 'wide':
      case 'name':
        print(context, listLines(activity, { ...look, columns }).join('\n'));
    }
  }
}

function lastSequence(activities: readonly StoredActivity[], otherwise: number): number {
  return activities.at(-1)?.sequence ?? otherwise;
}
