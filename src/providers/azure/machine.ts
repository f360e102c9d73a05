import type { VirtualMachine } from '@azure/arm-compute';
import type { NetworkInterface, PublicIPAddress } from '@azure/arm-network';
import { oneLine } from '../../base/quoted.ts';
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

type Statuses = NonNullable<VirtualMachine['instanceView']>['statuses'];

/** @param statuses of Azure's instance view, as far as they are known */
export function machineOf(name: string, tags: Tags, parts: Parts, statuses: Statuses, nowMs: number): Machine {
  const { group, instanceId, launchedAt } = tags;
  const isYoung = nowMs - launchedAt < HALF_MADE_MS;
  const { state, detail } = parts.vm === null ? halfMade(isYoung) : stateOf(parts.vm, statuses ?? [], isYoung);
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

/** A status of the instance view that says why: `ProvisioningState/failed/AllocationFailed`. */
const FAILED = 'ProvisioningState/failed/';

type State = Pick<Machine, 'state' | 'detail'>;

function halfMade(isYoung: boolean): State {
  return isYoung
    ? { state: 'pending', detail: 'it is being made' }
    : { state: 'stopped', detail: 'only its network interface or address is there' };
}

function stateOf({ provisioningState = '' }: VirtualMachine, statuses: NonNullable<Statuses>, isYoung: boolean): State {
  if (provisioningState === 'Deleting') return { state: 'stopped', detail: 'it is being deleted' };
  switch (statuses.find(({ code }) => code?.startsWith('PowerState/') === true)?.code) {
    case 'PowerState/running':
      return { state: 'running', detail: '' };
    case 'PowerState/stopping':
    case 'PowerState/deallocating':
      return { state: 'running', detail: 'it is stopping' };
    case 'PowerState/stopped':
    case 'PowerState/deallocated':
      return { state: 'stopped', detail: 'it is off' };
    default:
      if (provisioningState === 'Failed') {
        const { code = '', message = '' } = statuses.find((status) => status.code?.startsWith(FAILED) === true) ?? {};
        const why = [code.slice(FAILED.length), oneLine(message)].filter((part) => part !== '').join(': ');
        return { state: 'stopped', detail: `it could not be made${why === '' ? '' : ` (${why})`}` };
      }
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
