/** What to tell a running HAProxy so that its servers become the desired ones. Pure. */

import type { TargetGroup } from '../model/fleet.ts';
import type { DesiredState, Member } from '../ports/load-balancer.ts';
import type { Capabilities } from './capabilities.ts';
import { add, type Command, drain, readmit, ready, takeOut, weigh } from './commands.ts';
import type { Look, ServerLook } from './look.ts';
import { keyOf, type ServerKey } from './members.ts';
import { weightOf } from './render.ts';

export interface Difference {
  readonly commands: readonly Command[];
  /** Servers that nobody names any more, in maintenance or about to be: to be deleted when that is safe. */
  readonly leaving: readonly ServerKey[];
}

export function difference(
  { targetGroups, members }: DesiredState,
  ids: ReadonlyMap<ServerKey, number>,
  look: Look,
  capabilities: Capabilities,
): Difference {
  const groups = new Map<string, TargetGroup>(targetGroups.map((group) => [group.name, group]));
  const named = new Set(members.map(keyOf));
  const unnamed = [...look.servers].filter(([key]) => !named.has(key));
  const outs = unnamed.filter(([, server]) => server.admin !== 'maintenance').map(([key]) => takeOut(key));
  // Who comes in comes first: the last usable server that goes would take the queued requests along.
  const inFirst = members.toSorted((a, b) => Number(a.state === 'draining') - Number(b.state === 'draining'));
  const changes = inFirst.flatMap((member) => {
    const group = groups.get(member.targetGroup);
    const actual = look.servers.get(keyOf(member));
    if (group === undefined) return [];
    return actual === undefined
      ? add(member, group, ids.get(keyOf(member)) ?? 0, capabilities)
      : change(member, group, actual);
  });
  return { commands: [...changes, ...outs], leaving: unnamed.map(([key]) => key) };
}

function change(member: Member, group: TargetGroup, actual: ServerLook): readonly Command[] {
  const { address, port } = member.endpoint;
  const moved = actual.address !== address || actual.port !== port;
  // Not checked: an earlier addition was cut short.
  if (moved || actual.admin === 'maintenance' || !actual.checked) return readmit(member, group);
  const key = keyOf(member);
  const weight = weightOf(group, member);
  const commands: Command[] = [];
  if (actual.weight !== weight) commands.push(weigh(key, weight));
  if (member.state === 'draining' && actual.admin !== 'drain') commands.push(drain(key));
  if (member.state === 'ready' && actual.admin === 'drain') commands.push(ready(key));
  return commands;
}
