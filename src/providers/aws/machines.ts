import type { Instance, StateReason } from '@aws-sdk/client-ec2';
import { oneLine } from '../../base/quoted.ts';
import type { Machine } from '../../model/observation.ts';
import { type OwnTags, tagsOf } from './tags.ts';

/** States in which an instance is not gone, by EC2's names. What is shutting down still counts, and costs, until it is `terminated`. */
export const STATES_THAT_COUNT = ['pending', 'running', 'shutting-down', 'stopping', 'stopped'] as const;

/** An instance as a machine of the fleet; null where it is none, or is gone. */
export function machineOf(instance: Instance, fleet: string): Machine | null {
  const tags = tagsOf(instance.Tags ?? [], fleet);
  const state = stateOf(instance.State?.Name);
  if (tags === null || state === null || instance.InstanceId === undefined) return null;
  return {
    id: instance.InstanceId,
    instanceId: tags.instanceId,
    group: tags.group,
    state,
    addresses: state === 'stopped' ? [] : addressesOf(instance, tags.addressFrom),
    ports: null,
    launchedAt: instance.LaunchTime?.getTime() ?? 0,
    zone: tags.zone,
    detail: detailOf(instance),
  };
}

/** `stopped` is what serves no more and is terminated by the core; null is gone. A state that is not known yet counts. */
function stateOf(name: string | undefined): Machine['state'] | null {
  switch (name) {
    case 'terminated':
      return null;
    case 'running':
      return 'running';
    case 'stopping':
    case 'stopped':
    case 'shutting-down':
      return 'stopped';
    default:
      return 'pending';
  }
}

function addressesOf(instance: Instance, from: OwnTags['addressFrom']): readonly string[] {
  switch (from) {
    case 'private':
      return present(instance.PrivateIpAddress);
    case 'public':
      return present(instance.PublicIpAddress);
    case 'ipv6':
      return present(instance.NetworkInterfaces?.[0]?.Ipv6Addresses?.[0]?.Ipv6Address ?? instance.Ipv6Address);
  }
}

function present(address: string | undefined): readonly string[] {
  return address === undefined || address === '' ? [] : [address];
}

/** EC2's reasons for what it did to spot instances. */
const SPOT_REASONS: ReadonlyMap<string, string> = new Map([
  ['Server.SpotInstanceTermination', 'AWS has taken the spot instance back'],
  ['Server.SpotInstanceShutdown', 'AWS has stopped the spot instance'],
]);

function detailOf({ State, StateReason: reason, InstanceType, InstanceLifecycle }: Instance): string {
  const name = State?.Name ?? 'unknown';
  const kind = [InstanceType, InstanceLifecycle].filter((part) => part !== undefined).join(' ');
  if (name === 'running' || name === 'pending') return kind;
  return `${name}: ${reasonOf(reason)}`;
}

/** Why EC2 says that an instance is in its state. */
function reasonOf(reason: StateReason | undefined): string {
  const { Code = '', Message = '' } = reason ?? {};
  const spot = SPOT_REASONS.get(Code);
  const said = oneLine(Message === '' ? Code : Message);
  if (spot !== undefined) return `${spot} (${said})`;
  return said === '' ? 'EC2 gives no reason' : said;
}
