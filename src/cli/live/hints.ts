import { relative } from 'node:path';
import { count } from '../../base/plural.ts';
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
 * @param program how drover is called from there
 */
export function demoHints(status: FleetStatus, cwd: string, program: string): readonly Hint[] {
  const end = { command: 'Ctrl-C', effect: 'ends the demo and all that it started' };
  const leave = {
    command: 'Ctrl-C',
    effect: `once more: leaves at once, the rest goes on; \`${program} down\` ends it`,
  };
  if (status.mode === 'down') return [leave];
  return [...request(status), ...kill(status, program), ...resize(status, cwd, program), look(program), end];
}

function request(status: FleetStatus): readonly Hint[] {
  const listener = status.loadBalancers.flatMap(({ listeners }) => listeners)[0];
  return listener === undefined
    ? []
    : [{ command: `curl ${listener.url}/`, effect: 'one of the servers answers, in turn' }];
}

function kill(status: FleetStatus, program: string): readonly Hint[] {
  const instance = status.groups
    .flatMap(({ instances }) => instances)
    .find(({ state, health }) => LIFECYCLE[state].serves && health !== 'unhealthy');
  if (instance === undefined) return [];
  // A provider of processes on this machine says which one it is.
  const pid = /^pid (\d+)$/.exec(instance.machineDetail)?.[1];
  const command = pid === undefined ? `${program} terminate ${shortId(instance.id)}` : `kill -9 ${pid}`;
  return [{ command, effect: `${shortId(instance.id)} dies; a new server takes its place` }];
}

function resize(status: FleetStatus, cwd: string, program: string): readonly Hint[] {
  const group = status.groups[0];
  if (group === undefined) return [];
  const size = group.desired < group.maxSize ? Math.min(group.desired * 2, group.maxSize) : group.minSize;
  const file = group.desiredCapacityFile;
  const command =
    file === null ? `${program} set-desired ${group.name} ${size}` : `echo ${size} > ${shortPath(cwd, file)}`;
  const effect = size > group.desired ? 'more are launched' : 'the others drain, then terminate';
  return [{ command, effect: `${count(size, 'server')}: ${effect}` }];
}

/** The other commands look for a data folder beside a fleet file in the folder where they run: the demo's is elsewhere. */
function look(program: string): Hint {
  return { command: `${program} status`, effect: 'all commands, in another terminal' };
}

export function shortPath(cwd: string, file: string): string {
  const fromHere = relative(cwd, file);
  return fromHere.length < file.length ? fromHere : file;
}
