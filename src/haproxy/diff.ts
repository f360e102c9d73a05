/** The commands to a running HAProxy by which its servers become the desired ones. Pure. */

import type { TargetGroup } from '../model/fleet.ts';
import type { DesiredState } from '../ports/load-balancer.ts';
import type { Capabilities } from './capabilities.ts';
import { add, type Command, checkAt, cut, drain, maintain, readmit, ready, weigh } from './commands.ts';
import { weightOf } from './render.ts';
import type { Report, ServerReport } from './report.ts';
import { keyOf, type Server, type ServerKey, serversBeside } from './servers.ts';

export interface Difference {
  readonly commands: readonly Command[];
  /** Servers that nobody names any more, in maintenance or about to be: to be deleted when that is safe. */
  readonly leaving: readonly ServerKey[];
}

export function difference(
  { targetGroups, members }: DesiredState,
  ids: ReadonlyMap<ServerKey, number>,
  report: Report,
  capabilities: Capabilities,
): Difference {
  const groups = new Map<string, TargetGroup>(targetGroups.map((group) => [group.name, group]));
  const servers = serversBeside(members, report.servers);
  const named = new Set(servers.map(keyOf));
  const unnamed = [...report.servers].filter(([key]) => !named.has(key));
  const outs = unnamed.flatMap(([key, { admin }]) => {
    if (admin === 'maintenance') return [];
    // Whoever was drained has had the time for its requests: what is open still is cut now.
    return admin === 'drain' ? [maintain(key), cut(key)] : [maintain(key)];
  });
  // Who comes in comes first: the last usable server that goes would take the queued requests along.
  const inFirst = servers.toSorted((a, b) => Number(isDraining(a)) - Number(isDraining(b)));
  const changes = inFirst.flatMap((server) => {
    const group = groups.get(server.member.targetGroup);
    const actual = report.servers.get(keyOf(server));
    if (group === undefined) return [];
    return actual === undefined
      ? add(server, group, ids.get(keyOf(server)) ?? 0, capabilities)
      : change(server, group, actual);
  });
  return { commands: [...changes, ...outs], leaving: unnamed.map(([key]) => key) };
}

function change(server: Server, group: TargetGroup, actual: ServerReport): readonly Command[] {
  const { member, standsIn } = server;
  const { address, port } = member.endpoint;
  const checkedThere = isCheckedThere(server, actual);
  const moved = actual.address !== address || actual.port !== port;
  // Not checked, or in maintenance: an earlier addition was cut short.
  const isWhole = actual.admin !== 'maintenance' && (actual.checked || standsIn);
  if (moved || !isWhole) return readmit(server, group, checkedThere);
  const key = keyOf(server);
  const weight = weightOf(group, member);
  const commands: Command[] = checkedThere ? [] : [checkAt(server)];
  if (actual.weight !== weight) commands.push(weigh(key, weight));
  if (member.state === 'draining' && actual.admin !== 'drain') commands.push(drain(key));
  if (member.state === 'ready' && actual.admin === 'drain') commands.push(ready(key));
  return commands;
}

function isCheckedThere({ member, standsIn }: Server, actual: ServerReport): boolean {
  // 0 follows the server's own port.
  const followed = member.checkPort === null ? [0, member.endpoint.port] : [member.checkPort];
  return standsIn || followed.includes(actual.checkPort);
}

function isDraining({ member }: Server): boolean {
  return member.state === 'draining';
}
