/**
 * The servers that members become. Each ready member that is proven has a stand-in: a second server at the same address, a
 * `backup` without health checks. HAProxy gives requests to backups when no other server of the backend is usable, and no
 * longer when one is again: by itself, request by request, whether a controller runs or not.
 */

import { createHash } from 'node:crypto';
import type { Member } from '../model/member.ts';

/** A server as HAProxy names it: `<backend>/<server>`; for a member that is `<target group>/<instance id>`. */
export type ServerKey = string;

export interface Server {
  readonly member: Member;
  /** It is the member's stand-in, not the member itself. */
  readonly standsIn: boolean;
}

/** HAProxy takes it in a server's name; no instance id begins like this. */
const STAND_IN = '_failopen:';
/** HAProxy takes 31 bits; the rest is left free for the search after a collision. */
const SERVER_IDS = 2 ** 28;

/** What HAProxy starts with: a draining member needs no stand-in, for it gets nothing new. */
export function serversOf(members: readonly Member[]): readonly Server[] {
  return members.flatMap((member) => [
    { member, standsIn: false },
    ...(member.proven && member.state === 'ready' ? [{ member, standsIn: true }] : []),
  ]);
}

/** What a running HAProxy should have: where a draining member has a stand-in, that one drains too. */
export function serversBeside(members: readonly Member[], running: ReadonlyMap<ServerKey, unknown>): readonly Server[] {
  const drained = members
    .filter(({ state }) => state === 'draining')
    .map((member) => ({ member, standsIn: true }))
    .filter((server) => running.has(keyOf(server)));
  return [...serversOf(members), ...drained];
}

export function serverKey(targetGroup: string, server: string): ServerKey {
  return `${targetGroup}/${server}`;
}

export function backendOf(key: ServerKey): string {
  return key.slice(0, key.indexOf('/'));
}

export function serverNameOf(key: ServerKey): string {
  return key.slice(key.indexOf('/') + 1);
}

export function keyOf(server: Server): ServerKey {
  return serverKey(server.member.targetGroup, nameOf(server));
}

export function nameOf({ member, standsIn }: Server): string {
  return standsIn ? standInOf(member.instanceId) : member.instanceId;
}

/** The name of an instance's stand-in. */
export function standInOf(instanceId: string): string {
  return `${STAND_IN}${instanceId}`;
}

export function isStandIn(name: string): boolean {
  return name.startsWith(STAND_IN);
}

/** The instance that a server's name means. */
export function instanceOf(name: string): string {
  return isStandIn(name) ? name.slice(STAND_IN.length) : name;
}

/**
 * An explicit id for each server: without one, HAProxy's hashes and `random` give servers that were added at run time an
 * uneven share. It follows from the name alone; a collision moves on to the next free number.
 * @param taken the ids in use, which stay what they are
 */
export function serverIds(
  servers: readonly Server[],
  taken: ReadonlyMap<ServerKey, number>,
): ReadonlyMap<ServerKey, number> {
  const usedByGroup = new Map<string, Set<number>>();
  const usedIn = (targetGroup: string): Set<number> => {
    const used = usedByGroup.get(targetGroup) ?? new Set();
    usedByGroup.set(targetGroup, used);
    return used;
  };
  for (const [key, id] of taken) usedIn(backendOf(key)).add(id);
  const ids = new Map<ServerKey, number>();
  const newcomers: Server[] = [];
  for (const server of servers) {
    const id = taken.get(keyOf(server));
    if (id === undefined) newcomers.push(server);
    else ids.set(keyOf(server), id);
  }
  for (const server of newcomers.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))) {
    const used = usedIn(server.member.targetGroup);
    let id = hashed(nameOf(server));
    while (used.has(id)) id += 1;
    used.add(id);
    ids.set(keyOf(server), id);
  }
  return ids;
}

function hashed(name: string): number {
  return (createHash('sha256').update(name).digest().readUInt32BE(0) % SERVER_IDS) + 1;
}
