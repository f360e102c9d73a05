import type { Instance, InstanceId } from '../model/instance.ts';
import type { Clock } from '../ports/clock.ts';
import { withDeadline } from '../ports/deadline.ts';
import { asPortError } from '../ports/errors.ts';
import type { LogsWanted, Provider } from '../ports/provider.ts';
import { merged } from './merged.ts';
import { type LogLine, type LogsOf, ServiceError } from './service.ts';

/** Of one question: each is a file or a connection that is kept open while it is followed. */
const MAX_INSTANCES = 100;
/** For the lines that there are. */
const READ_TIMEOUT_MS = 30_000;

export interface LogSources {
  readonly clock: Clock;
  readonly fleet: { readonly name: string };
  readonly groups: readonly { readonly group: { readonly name: string }; readonly instances: readonly Instance[] }[];
  readonly providers: {
    /** The way to its machines' logs; null where it has none. */
    logsOf(provider: string): NonNullable<Provider['logs']> | null;
  };
}

/** See `FleetService.logs`. */
export function serverLogs(
  of: LogsOf,
  wanted: LogsWanted,
  sources: LogSources,
  signal: AbortSignal,
): AsyncIterable<LogLine> {
  const { clock, providers } = sources;
  const { what, instances } = chosen(of, sources);
  if (instances.length > MAX_INSTANCES) {
    const message = `${what} has ${instances.length} servers, and the logs of ${MAX_INSTANCES} are shown at once at most: name one of them.`;
    throw new ServiceError('conflict', message);
  }
  const readable = instances.flatMap(({ id, machine, launchTemplate: { provider } }) => {
    const logs = providers.logsOf(provider);
    return machine === null || logs === null ? [] : [{ id, machineId: machine.id, logs }];
  });
  if (readable.length === 0) throw new ServiceError('conflict', whyNone(what, instances, sources));
  const read = readable.map(({ id, machineId, logs }) => {
    const lines = wanted.follow
      ? logs(machineId, wanted, signal)
      : bounded(clock, signal, (both) => logs(machineId, wanted, both));
    return said(id, lines, signal);
  });
  return wanted.follow ? merged(read) : oneAfterTheOther(read);
}

function chosen(of: LogsOf, { fleet, groups }: LogSources): { what: string; instances: readonly Instance[] } {
  if ('group' in of) {
    const found = groups.find(({ group }) => group.name === of.group);
    if (found !== undefined) return { what: `Group ${of.group}`, instances: found.instances };
    throw new ServiceError('notFound', `There is no group ${of.group} in fleet ${fleet.name}.`);
  }
  const instance = groups.flatMap(({ instances }) => instances).find(({ id }) => id === of.instance);
  if (instance !== undefined) return { what: `Instance ${of.instance}`, instances: [instance] };
  throw new ServiceError('notFound', `There is no instance ${of.instance} in fleet ${fleet.name}.`);
}

function whyNone(what: string, instances: readonly Instance[], { providers }: LogSources): string {
  const without = instances.find(({ launchTemplate: { provider } }) => providers.logsOf(provider) === null);
  if (without !== undefined) return `The provider ${without.launchTemplate.provider} gives no logs of its servers.`;
  return instances.length === 0 ? `${what} has no servers now.` : `${what} has no machine yet: try again in a moment.`;
}

/** All of it within the time that one question may take. */
async function* bounded(
  clock: Clock,
  signal: AbortSignal,
  read: (signal: AbortSignal) => AsyncIterable<string>,
): AsyncGenerator<string> {
  yield* await withDeadline(clock, READ_TIMEOUT_MS, signal, async (both) => {
    const lines: string[] = [];
    for await (const line of read(both)) lines.push(line);
    return lines;
  });
}

async function* said(instance: InstanceId, lines: AsyncIterable<string>, signal: AbortSignal): AsyncGenerator<LogLine> {
  try {
    for await (const text of lines) yield { instance, text };
  } catch (error) {
    if (!signal.aborted) yield { instance, failure: asPortError(error).message };
  }
}

async function* oneAfterTheOther<T>(all: readonly AsyncIterable<T>[]): AsyncGenerator<T> {
  for (const one of all) yield* one;
}
