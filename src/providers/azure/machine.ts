import type { VirtualMachine } from '@azure/arm-compute';
import type { NetworkInterface, PublicIPAddress } from '@azure/arm-network';
import type { Machine } from '../../model/observation.ts';
import type { Tags } from './tags.ts';

/** What there is of one machine: each may be missing while it is made or deleted. */
export interface Parts {
  readonly vm: VirtualMachine | null;
  readonly networkInterface: NetworkInterface | null;
  readonly publicAddress: PublicIPAddress | null;
}

/** A launch under way may take so long until there is a virtual machine. */
const HALF_MADE_MS = 600_000;

/** @param powerState of Azure's instance view (`PowerState/running`); null where it is unknown */
export function machineOf(name: string, tags: Tags, parts: Parts, powerState: string | null, nowMs: number): Machine {
  const { group, instanceId, launchedAt } = tags;
  const isYoung = nowMs - launchedAt < HALF_MADE_MS;
  const { state, detail } = parts.vm === null ? halfMade(isYoung) : stateOf(parts.vm, powerState, isYoung);
  return {
    id: name,
    instanceId,
    group,
    state,
    addresses: addressesOf(tags, parts),
    ports: null,
    launchedAt,
    zone: parts.vm?.zones?.[0] ?? tags.zone,
    detail: `virtual machine ${name}${detail === '' ? '' : `: ${detail}`}`,
  };
}

type State = Pick<Machine, 'state' | 'detail'>;

function halfMade(isYoung: boolean): State {
  return isYoung
    ? { state: 'pending', detail: 'it is being made' }
    : { state: 'stopped', detail: 'only its network interface or address is there' };
}

function stateOf({ provisioningState = '' }: VirtualMachine, powerState: string | null, isYoung: boolean): State {
  if (provisioningState === 'Deleting') return { state: 'stopped', detail: 'it is being deleted' };
  switch (powerState) {
    case 'PowerState/running':
      return { state: 'running', detail: '' };
    case 'PowerState/stopping':
    case 'PowerState/deallocating':
      return { state: 'running', detail: 'it is stopping' };
    case 'PowerState/stopped':
    case 'PowerState/deallocated':
      return { state: 'stopped', detail: 'it is off' };
    default:
      if (provisioningState === 'Failed') return { state: 'stopped', detail: 'it could not be made' };
      // Azure calls it made when it runs. Who may not read the states of the whole subscription does not see more.
      return isYoung && provisioningState !== 'Succeeded'
        ? { state: 'pending', detail: 'it is starting' }
        : { state: 'running', detail: 'its power state is unknown' };
  }
}

function addressesOf({ address }: Tags, { networkInterface, publicAddress }: Parts): readonly string[] {
  const [configuration] = networkInterface?.ipConfigurations ?? [];
  const found = address === 'public' ? publicAddress?.ipAddress : configuration?.privateIPAddress;
  return found === undefined ? [] : [found];
}
