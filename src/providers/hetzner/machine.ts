import { SocketAddress } from 'node:net';
import type { Machine } from '../../model/observation.ts';
import type { Server } from './client.ts';
import type { Tags } from './labels.ts';

/** A server as a machine. @param offBecause why it is off; null while it is still being made, or goes through a start */
export function machineOf(server: Server, tags: Tags, offBecause: string | null): Machine {
  const { id, name, status, created, location } = server;
  const { state, detail } = stateOf(status, offBecause);
  return {
    id: String(id),
    instanceId: tags.instanceId,
    group: tags.group,
    state,
    addresses: addressesOf(server, tags),
    ports: null,
    launchedAt: Date.parse(created),
    zone: location.name,
    detail: `server ${name} (${id})${detail === '' ? '' : `: ${detail}`}`,
  };
}

function stateOf(status: Server['status'], offBecause: string | null): Pick<Machine, 'state' | 'detail'> {
  switch (status) {
    case 'initializing':
    case 'starting':
      return { state: 'pending', detail: status };
    case 'off':
      return offBecause === null
        ? { state: 'pending', detail: 'not started yet' }
        : { state: 'stopped', detail: offBecause };
    case 'deleting':
      return { state: 'stopped', detail: 'it is being deleted' };
    case 'running':
      return { state: 'running', detail: '' };
    case 'stopping':
    case 'migrating':
    case 'rebuilding':
    case 'unknown':
      return { state: 'running', detail: status };
  }
}

/** The one way in that its launch template asked for; none until it is there. */
function addressesOf({ public_net, private_net }: Server, { networkId }: Tags): readonly string[] {
  if (networkId !== null) {
    return private_net.flatMap(({ network, ip }) => (network === networkId && ip !== undefined ? [ip] : []));
  }
  const { ipv4, ipv6 } = public_net;
  return [...(ipv4 === null ? [] : [ipv4.ip]), ...(ipv6 === null ? [] : firstOf(ipv6.ip))];
}

/** Hetzner gives a server a network of IPv6 addresses, and its images configure the first of them. */
function firstOf(network: string): readonly string[] {
  const [prefix = ''] = network.split('/');
  if (!prefix.endsWith('::')) return [];
  return [new SocketAddress({ address: `${prefix}1`, family: 'ipv6' }).address];
}
