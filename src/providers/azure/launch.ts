import type { VirtualMachine } from '@azure/arm-compute';
import type { NetworkInterface, PublicIPAddress } from '@azure/arm-network';
import type { Reaction } from '../../model/observation.ts';
import { asPortError, PortError } from '../../ports/errors.ts';
import type { LaunchRequest } from '../../ports/provider.ts';
import { renderUserData } from '../user-data.ts';
import type { AzureClient } from './client.ts';
import type { Ending } from './ending.ts';
import { isReserved, type Leftovers } from './leftovers.ts';
import type { Parts } from './machine.ts';
import type { InstanceSettings, TemplateSettings } from './settings.ts';
import { azureTags, partNames, type Tags } from './tags.ts';

/** Of Azure's custom data. */
const MAX_USER_DATA_BYTES = 65_535;

export interface Launch {
  readonly fleet: string;
  readonly name: string;
  readonly request: LaunchRequest;
  readonly settings: TemplateSettings;
  readonly tags: Tags;
}

/** Makes the parts of a virtual machine, one after the other: address, network interface, machine with disk. Each is deleted with it. */
export class Launches {
  readonly #client: AzureClient;
  readonly #ending: Ending;
  readonly #leftovers: Leftovers;
  readonly #instance: InstanceSettings;

  constructor(client: AzureClient, ending: Ending, leftovers: Leftovers, instance: InstanceSettings) {
    this.#client = client;
    this.#ending = ending;
    this.#leftovers = leftovers;
    this.#instance = instance;
  }

  /** @throws PortError; where that is certain, nothing is left of it */
  async launch(launch: Launch, signal: AbortSignal): Promise<Parts> {
    try {
      const publicAddress = launch.settings.publicAddress ? await this.#makeAddress(launch, signal) : null;
      const networkInterface = await this.#makeInterface(launch, publicAddress, signal);
      const vm = await this.#makeMachine(launch, networkInterface, signal);
      return { vm, networkInterface, publicAddress };
    } catch (error) {
      if (!(error instanceof PortError) || !isCertain(error)) throw error;
      await this.#cleanUp(launch.name, error, signal);
      // What a launch refers to is not there: a subnet, an image.
      throw error.reaction === 'NotFound'
        ? new PortError('Invalid', error.code, error.message, { cause: error })
        : error;
    }
  }

  #makeAddress({ fleet, name, tags }: Launch, signal: AbortSignal): Promise<PublicIPAddress> {
    const address: PublicIPAddress = {
      location: this.#instance.location,
      tags: azureTags(fleet, tags),
      // Azure wants an address and its machine in one zone.
      ...(tags.zone === null ? {} : { zones: [tags.zone] }),
      sku: { name: 'Standard' },
      publicIPAllocationMethod: 'Static',
    };
    const how = { abortSignal: signal };
    return this.#client.operate(
      ({ network }, group) =>
        network.publicIPAddresses.createOrUpdate(group, partNames.publicAddress(name), address, how),
      signal,
    );
  }

  #makeInterface(
    { fleet, name, settings, tags }: Launch,
    publicAddress: PublicIPAddress | null,
    signal: AbortSignal,
  ): Promise<NetworkInterface> {
    const { networkSecurityGroup, subnet } = settings;
    const networkInterface: NetworkInterface = {
      location: this.#instance.location,
      tags: azureTags(fleet, tags),
      ...(networkSecurityGroup === null ? {} : { networkSecurityGroup: { id: networkSecurityGroup } }),
      ipConfigurations: [
        {
          name: 'primary',
          primary: true,
          subnet: { id: subnet },
          privateIPAllocationMethod: 'Dynamic',
          ...(publicAddress?.id === undefined
            ? {}
            : { publicIPAddress: { id: publicAddress.id, deleteOption: 'Delete' } }),
        },
      ],
    };
    const how = { abortSignal: signal };
    return this.#client.operate(
      ({ network }, group) =>
        network.networkInterfaces.createOrUpdate(group, partNames.networkInterface(name), networkInterface, how),
      signal,
    );
  }

  async #makeMachine(launch: Launch, { id = '' }: NetworkInterface, signal: AbortSignal): Promise<VirtualMachine> {
    const { fleet, name, request, settings, tags } = launch;
    const { image, adminUsername, sshPublicKey, diskType, userData } = settings;
    const customData =
      userData === null
        ? null
        : Buffer.from(await renderUserData(userData, { fleet, request, maxBytes: MAX_USER_DATA_BYTES })).toString(
            'base64',
          );
    const vm: VirtualMachine = {
      location: this.#instance.location,
      tags: azureTags(fleet, tags),
      ...(tags.zone === null ? {} : { zones: [tags.zone] }),
      hardwareProfile: { vmSize: sizeOf(launch) },
      storageProfile: {
        imageReference: image,
        osDisk: {
          name: partNames.disk(name),
          createOption: 'FromImage',
          deleteOption: 'Delete',
          managedDisk: { storageAccountType: diskType },
        },
      },
      osProfile: {
        computerName: name,
        adminUsername,
        linuxConfiguration: {
          disablePasswordAuthentication: true,
          ssh: { publicKeys: [{ path: `/home/${adminUsername}/.ssh/authorized_keys`, keyData: sshPublicKey }] },
        },
        ...(customData === null ? {} : { customData }),
      },
      networkProfile: { networkInterfaces: [{ id, primary: true, deleteOption: 'Delete' }] },
    };
    // Another controller's machine of this name is neither changed nor started again.
    const how = { abortSignal: signal, ifNoneMatch: '*' };
    return this.#client.operate(
      ({ compute }, group) => compute.virtualMachines.createOrUpdate(group, name, vm, how),
      signal,
    );
  }

  /** No machine may be left of a launch that is said to have made none, nor anything that is paid for unseen. */
  async #cleanUp(name: string, why: PortError, signal: AbortSignal): Promise<void> {
    try {
      await this.#ending.removeAll(name, signal);
    } catch (error) {
      if (isReserved(error)) return this.#leftovers.add(name);
      // Whoever may not make it may not remove it either; what is left is listed.
      if (why.reaction === 'Unauthorized') return;
      const message = `${why.message}; what the launch has made could not be removed yet: ${asPortError(error).message}`;
      throw new PortError('Transient', 'cleanUp', message, { cause: error });
    }
  }
}

/** Azure has refused for certain, so that nothing goes on by itself. */
const CERTAIN: readonly Reaction[] = ['NoCapacity', 'Invalid', 'NotFound', 'Unauthorized', 'Unsupported'];

function isCertain({ reaction }: PortError): boolean {
  return CERTAIN.includes(reaction);
}

function sizeOf({ request, settings }: Launch): string {
  const size = request.placement.instanceType ?? settings.vmSize;
  if (size !== null) return size;
  throw new PortError(
    'Invalid',
    'noVmSize',
    'the launch template names no size; give it vmSize: Standard_B2s, or instanceTypes in order of preference',
  );
}
