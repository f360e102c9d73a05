import { isIP, SocketAddress } from 'node:net';
import type { Endpoint } from '../model/instance.ts';
import { PortError } from '../ports/errors.ts';
import type { DesiredState } from '../ports/load-balancer.ts';
import { type ServerKey, serverKey } from './servers.ts';

/** No name of ours begins with another character: those are left for `servers.ts`. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9_.:-]{0,127}$/;
const PATH = /^\/[!-&(-~]*$/;
const MATCHER = /^[0-9][0-9,-]*$/;
const ONE_LINE = /^[\x20-\x7e]*$/;
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
    const { host, headers } = healthCheck;
    demand(
      [host, ...headers.flatMap(({ name, value }) => [name, value])].every((text) => ONE_LINE.test(text)),
      'healthCheckHeaders',
      `the headers of the health check of ${name} are not all printable text`,
    );
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
    const key = serverKey(member.targetGroup, member.instanceId);
    demand(
      NAME.test(member.instanceId),
      'instanceId',
      `an instance cannot be called ${JSON.stringify(member.instanceId)}`,
    );
    demand(names.has(member.targetGroup), 'targetGroupMissing', `${key} belongs to an unknown target group`);
    demand(!keys.has(key), 'memberTwice', `${key} is named twice`);
    keys.add(key);
    checkEndpoint(member.endpoint);
    if (member.checkPort !== null) checkEndpoint({ ...member.endpoint, port: member.checkPort });
    return { ...member, endpoint: { ...member.endpoint, address: canonical(member.endpoint.address) } };
  });
  return { ...desired, members };
}

/** `127.0.0.1:80`, `[::1]:80` */
export function authority({ address, port }: Endpoint): string {
  return isIP(address) === 6 ? `[${address}]:${port}` : `${address}:${port}`;
}

function checkEndpoint({ address, port }: Endpoint): void {
  demand(
    isIP(address) !== 0 && !address.includes('%'),
    'address',
    `${JSON.stringify(address)} is no IP address: HAProxy takes a name in silence and never resolves it`,
  );
  demand(Number.isInteger(port) && port >= 1 && port <= 65_535, 'port', `${port} is no TCP port`);
}

export function canonical(address: string): string {
  return isIP(address) === 6 ? new SocketAddress({ address, family: 'ipv6' }).address : address;
}

function demand(condition: boolean, code: string, message: string): void {
  if (!condition) throw new PortError('Invalid', code, message);
}
