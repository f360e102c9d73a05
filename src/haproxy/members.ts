import { createHash } from 'node:crypto';
import { isIP, SocketAddress } from 'node:net';
import type { Endpoint } from '../model/instance.ts';
import { PortError } from '../ports/errors.ts';
import type { DesiredState, Member } from '../ports/load-balancer.ts';

/** A server as HAProxy names it: `<backend>/<server>`, which is `<target group>/<instance id>`. */
export type ServerKey = string;

const NAME = /^[A-Za-z0-9][A-Za-z0-9_.:-]{0,127}$/;
const PATH = /^\/[!-&(-~]*$/;
const MATCHER = /^[0-9][0-9,-]*$/;
/** HAProxy takes 31 bits; the rest is left free for the search after a collision. */
const SERVER_IDS = 2 ** 28;

export function serverKey(targetGroup: string, server: string): ServerKey {
  return `${targetGroup}/${server}`;
}

export function keyOf(member: Member): ServerKey {
  return serverKey(member.targetGroup, member.instanceId);
}

/**
 * The same desired state with addresses in their canonical spelling, as HAProxy reports them.
 * @throws PortError `Invalid` for what must not get into a configuration or onto a command line
 */
export function checkDesired(desired: DesiredState): DesiredState {
  const { listeners, statsPage } = desired.loadBalancer;
  for (const endpoint of [...listeners, ...(statsPage === null ? [] : [statsPage])]) checkEndpoint(endpoint);
  const names = new Set<string>();
  for (const { name, healthCheck } of desired.targetGroups) {
    demand(NAME.test(name), 'targetGroupName', `a target group cannot be called ${JSON.stringify(name)}`);
    demand(PATH.test(healthCheck.path), 'healthCheckPath', `${JSON.stringify(healthCheck.path)} is no path to check`);
    demand(
      MATCHER.test(healthCheck.matcher),
      'healthCheckMatcher',
      `${JSON.stringify(healthCheck.matcher)} is no matcher`,
    );
    names.add(name);
  }
  for (const { targetGroup } of listeners) {
    demand(names.has(targetGroup), 'targetGroupMissing', `a listener names the unknown target group ${targetGroup}`);
  }
  const keys = new Set<ServerKey>();
  const members = desired.members.map((member) => {
    const key = keyOf(member);
    demand(
      NAME.test(member.instanceId),
      'instanceId',
      `an instance cannot be called ${JSON.stringify(member.instanceId)}`,
    );
    demand(names.has(member.targetGroup), 'targetGroupMissing', `${key} belongs to an unknown target group`);
    demand(!keys.has(key), 'memberTwice', `${key} is named twice`);
    keys.add(key);
    checkEndpoint(member.endpoint);
    return { ...member, endpoint: { ...member.endpoint, address: canonical(member.endpoint.address) } };
  });
  return { ...desired, members };
}

/**
 * An explicit id for each member: without one, HAProxy's hashes and `random` give servers that were added at run time an
 * uneven share. It follows from the name alone; a collision moves on to the next free number.
 * @param taken the ids in use, which stay what they are
 */
export function serverIds(
  members: readonly Member[],
  taken: ReadonlyMap<ServerKey, number>,
): ReadonlyMap<ServerKey, number> {
  const usedByGroup = new Map<string, Set<number>>();
  const usedIn = (targetGroup: string): Set<number> => {
    const used = usedByGroup.get(targetGroup) ?? new Set();
    usedByGroup.set(targetGroup, used);
    return used;
  };
  for (const [key, id] of taken) usedIn(key.slice(0, key.indexOf('/'))).add(id);
  const ids = new Map<ServerKey, number>();
  for (const member of members.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))) {
    const key = keyOf(member);
    const used = usedIn(member.targetGroup);
    let id = taken.get(key) ?? hashed(member.instanceId);
    if (!taken.has(key)) while (used.has(id)) id += 1;
    used.add(id);
    ids.set(key, id);
  }
  return ids;
}

/** `127.0.0.1:80`, `[::1]:80` */
export function authority({ address, port }: Endpoint): string {
  return isIP(address) === 6 ? `[${address}]:${port}` : `${address}:${port}`;
}

function hashed(name: string): number {
  return (createHash('sha256').update(name).digest().readUInt32BE(0) % SERVER_IDS) + 1;
}

function checkEndpoint({ address, port }: Endpoint): void {
  demand(
    isIP(address) !== 0 && !address.includes('%'),
    'address',
    `${JSON.stringify(address)} is no IP address: HAProxy takes a name in silence and never resolves it`,
  );
  demand(Number.isInteger(port) && port >= 1 && port <= 65_535, 'port', `${port} is no TCP port`);
}

function canonical(address: string): string {
  return isIP(address) === 6 ? new SocketAddress({ address, family: 'ipv6' }).address : address;
}

function demand(condition: boolean, code: string, message: string): void {
  if (!condition) throw new PortError('Invalid', code, message);
}
