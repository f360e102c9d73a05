import { relative } from 'node:path';
import { LIFECYCLE } from '../../model/lifecycle.ts';
import type { FleetStatus } from '../../views/status.ts';
import { shortId } from '../render/ids.ts';

/** Something that a person may try, and what happens then. */
export interface Hint {
  readonly command: string;
  readonly effect: string;
}

/**
 * What to try on the running demo, with the addresses, processes and files of this very moment.
 *
 * @param cwd the folder that shown paths start from
 */
export function demoHints(status: FleetStatus, cwd: string): readonly Hint[] {
  const end = { command: 'Ctrl-C', effect: 'ends the demo and all that it started' };
  const leave = { command: 'Ctrl-C', effect: 'once more: leaves at once, the rest goes on; `drover down` ends it' };
  if (status.mode === 'down') return [leave];
  return [...request(status), ...kill(status), ...resize(status, cwd), look(status, cwd), end];
}

function request(status: FleetStatus): readonly Hint[] {
  const listener = status.loadBalancers.flatMap(({ listeners }) => listeners)[0];
  return listener === undefined
    ? []
    : [{ command: `curl ${listener.url}/`, effect: 'a request, answered by one of the servers in turn' }];
}

function kill(status: FleetStatus): readonly Hint[] {
  const instance = status.groups
    .flatMap(({ instances }) => instances)
    .find(({ state, health }) => LIFECYCLE[state].serves && health !== 'unhealthy');
  if (instance === undefined) return [];
  // A provider of processes on this machine says which one it is.
  const pid = /^pid (\d+)$/.exec(instance.machineDetail)?.[1];
  const command = pid === undefined ? `drover terminate ${shortId(instance.id)}` : `kill -9 ${pid}`;
  return [{ command, effect: `the server ${shortId(instance.id)} dies, a new one takes its place` }];
}

function resize(status: FleetStatus, cwd: string): readonly Hint[] {
  const group = status.groups[0];
  if (group === undefined) return [];
  const size = group.desired < group.maxSize ? Math.min(group.desired * 2, group.maxSize) : group.minSize;
  const file = group.desiredCapacityFile;
  const command = file === null ? `drover set-desired ${group.name} ${size}` : `echo ${size} > ${shortPath(cwd, file)}`;
  const effect = size > group.desired ? 'more servers are launched' : 'the others are drained, then ended';
  return [{ command, effect: `${size} servers: ${effect}` }];
}

/** The other commands look for a data folder beside a fleet file in the folder where they run: the demo's is elsewhere. */
function look({ dataDir }: FleetStatus, cwd: string): Hint {
  return {
    command: `bin/drover --data ${shortPath(cwd, dataDir)} status`,
    effect: 'all commands, in another terminal',
  };
}

export function shortPath(cwd: string, file: string): string {
  const fromHere = relative(cwd, file);
  return fromHere.length < file.length ? fromHere : file;
}
