/** A refusal, as Azure Resource Manager answers it. */
export class Refusal extends Error {
  readonly status: number;
  readonly code: string;
  readonly retryAfterS: number | null;

  constructor(status: number, code: string, message: string, retryAfterS: number | null = null) {
    super(message);
    this.status = status;
    this.code = code;
    this.retryAfterS = retryAfterS;
  }
}

/** As resources are on the wire: what is beside their ids is in `properties`. */
export interface Resource {
  readonly id: string;
  readonly name: string;
  readonly type: string;
  readonly location: string;
  readonly zones?: readonly string[];
  readonly tags: Readonly<Record<string, string>>;
  readonly properties: Properties;
}
type Properties = { [key: string]: unknown };

export type Kind = 'virtualMachines' | 'disks' | 'networkInterfaces' | 'publicIPAddresses';
export interface Operation {
  readonly id: string;
  status: 'InProgress' | 'Succeeded' | 'Failed';
  error: { readonly code: string; readonly message: string } | null;
}

/** What runs as a machine. Both are called once for each start and end. */
export interface Machines {
  start(id: string, address: string, tags: Readonly<Record<string, string>>): void;
  stop(id: string): void;
}

const PROVIDERS: Readonly<Record<Kind, string>> = {
  virtualMachines: 'Microsoft.Compute',
  disks: 'Microsoft.Compute',
  networkInterfaces: 'Microsoft.Network',
  publicIPAddresses: 'Microsoft.Network',
};
const NO_ROOM = {
  code: 'AllocationFailed',
  message: 'Allocation failed. We do not have sufficient capacity.',
  isRunning: false,
};
const SIZES = ['Standard_B2s', 'Standard_D2s_v5'];
const ZONES = ['1', '2', '3'];
const MAX_CUSTOM_DATA_BYTES = 65_535;
export const SUBSCRIPTION = '00000000-0000-0000-0000-000000000001';
export const GROUP = 'shop';
let subscriptions = process.pid % 200;

/** A resource group of the fake: what it holds, and what happens to that by itself. */
export class Subscription {
  readonly conditions = {
    /** How long each long operation takes. */
    operationMs: 20,
    /** Sizes, or `zone/size`, that cannot be allocated: the operation fails, and the machine stays behind. */
    full: new Set<string>(),
    maxMachines: 1_000,
    usedCores: 4,
    /** How operations that make machines end; the machine runs all the same, or not. */
    failure: null as { readonly code: string; readonly message: string; readonly isRunning: boolean } | null,
    /** How long what is new is missing from lists; what is asked for by its name is there at once. */
    listLagMs: 0,
    laggingKinds: ['virtualMachines', 'disks', 'networkInterfaces', 'publicIPAddresses'] as readonly Kind[],
    /** Whether who asks may see the states of the subscription's machines. */
    hasStatuses: true,
    /** Whether ids in lists are in capitals, as some of Azure's are. */
    areIdsShouted: false,
    /** Whether what is marked to go with its machine goes with it. */
    isDeletedTogether: true,
    /** How long the network interface of a machine that was refused is kept for it. */
    reservedMs: 0,
  };
  readonly operations = new Map<string, Operation>();
  /** Machines that were there and were written again. */
  readonly rewritten: string[] = [];
  readonly #resources = new Map<string, Resource>();
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #machines: Machines;
  readonly #network: number;
  readonly #bornAt = new Map<string, number>();
  readonly #reservedUntil = new Map<string, number>();
  #lastHost = 1;
  #lastOperation = 0;

  constructor(machines: Machines = { start: () => undefined, stop: () => undefined }) {
    this.#machines = machines;
    subscriptions = (subscriptions + 1) % 250;
    this.#network = subscriptions + 1;
  }

  list(kind: Kind): readonly Resource[] {
    const { laggingKinds, listLagMs } = this.conditions;
    const listed = Date.now() - (laggingKinds.includes(kind) ? listLagMs : 0);
    return this.#all(kind)
      .filter(({ id }) => (this.#bornAt.get(id) ?? 0) <= listed)
      .map((one) => this.#withMachine(one));
  }

  /** Of all kinds, the names: what would be paid for. */
  get names(): readonly string[] {
    return [...this.#resources.values()].map(({ name }) => name).toSorted();
  }

  #all(kind: Kind): readonly Resource[] {
    return [...this.#resources.values()].filter(({ type }) => type.endsWith(`/${kind}`));
  }

  has(kind: Kind, name: string): boolean {
    return this.#resources.has(idOf(kind, name));
  }

  get(kind: Kind, name: string): Resource {
    const found = this.#resources.get(idOf(kind, name));
    if (found === undefined)
      throw new Refusal(404, 'ResourceNotFound', `The Resource '${kind}/${name}' was not found.`);
    return this.#withMachine(found);
  }

  /** Makes or changes something; its operation goes on by itself. */
  put(kind: Kind, name: string, body: Resource): { readonly resource: Resource; readonly operation: Operation } {
    const before = this.#resources.get(idOf(kind, name));
    const properties = { ...body.properties };
    if (kind === 'virtualMachines') this.#checkMachine(name, body, before);
    if (kind === 'virtualMachines' && before !== undefined) this.rewritten.push(name);
    if (before === undefined) this.#bornAt.set(idOf(kind, name), Date.now());
    if (kind === 'publicIPAddresses') properties.ipAddress = before?.properties.ipAddress ?? this.#address(2);
    if (kind === 'networkInterfaces') properties.ipConfigurations = this.#configurations(body, before);
    const resource: Resource = {
      ...body,
      tags: body.tags ?? {},
      id: idOf(kind, name),
      name,
      type: `${PROVIDERS[kind]}/${kind}`,
      properties: {
        ...before?.properties,
        ...properties,
        provisioningState: before === undefined ? 'Creating' : 'Updating',
      },
    };
    this.#resources.set(resource.id, resource);
    if (kind !== 'virtualMachines') return { resource, operation: this.#operate(() => this.#succeed(resource.id)) };
    return { resource, operation: this.#operate((operation) => this.#allocate(resource, before, operation)) };
  }

  delete(kind: Kind, name: string): Operation | null {
    const resource = this.#resources.get(idOf(kind, name));
    if (resource === undefined) return null;
    if (kind === 'networkInterfaces' && this.#machineOf(resource.id) !== undefined) {
      throw new Refusal(400, 'NicInUse', `Network Interface ${name} is used by existing resource.`);
    }
    if ((this.#reservedUntil.get(resource.id) ?? 0) > Date.now()) {
      throw new Refusal(400, 'NicReservedForAnotherVm', `Nic(s) in request is reserved for another Virtual Machine.`);
    }
    if (kind === 'publicIPAddresses' && this.#interfaceOf(resource.id) !== undefined) {
      throw new Refusal(
        400,
        'PublicIPAddressCannotBeDeleted',
        `Public IP address ${name} can not be deleted since it is still allocated.`,
      );
    }
    if (kind === 'virtualMachines') this.#stop(resource);
    this.#change(resource.id, { provisioningState: 'Deleting' });
    return this.#operate(() => this.#remove(resource.id));
  }

  /** Switches a machine off, as a person does. */
  powerOff(name: string): void {
    const machine = this.get('virtualMachines', name);
    this.#stop(machine);
    this.#change(machine.id, { instanceView: powerState('stopped') });
  }

  isRunning(name: string): boolean {
    return (JSON.stringify(this.get('virtualMachines', name).properties.instanceView) ?? '').includes(
      'PowerState/running',
    );
  }

  /** What a refused machine does to the network interface that it was to have. */
  reserve(machine: Resource): void {
    const { networkProfile } = machine.properties as MachineProperties;
    for (const { id = '' } of networkProfile?.networkInterfaces ?? []) {
      this.#reservedUntil.set(id, Date.now() + this.conditions.reservedMs);
    }
  }

  /** The time of that is over. */
  releaseReserved(): void {
    this.#reservedUntil.clear();
  }

  /** As a backup is restored: with all tags, and a name of its own. */
  copy(kind: Kind, name: string, copyName: string): void {
    const id = idOf(kind, copyName);
    this.#resources.set(id, { ...this.get(kind, name), id, name: copyName });
  }

  setTags(kind: Kind, name: string, tags: Readonly<Record<string, string>>): void {
    const resource = this.get(kind, name);
    this.#resources.set(resource.id, { ...resource, tags });
  }

  close(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    for (const machine of this.#all('virtualMachines')) this.#stop(machine);
  }

  #checkMachine(name: string, { location, zones = [], properties }: Resource, before: Resource | undefined): void {
    const { hardwareProfile, networkProfile, osProfile, storageProfile } = properties as MachineProperties;
    if (location === undefined || !/^[a-z0-9-]{1,64}$/.test(osProfile?.computerName ?? ''))
      throw invalid('InvalidParameter', 'osProfile');
    if (!SIZES.includes(hardwareProfile?.vmSize ?? ''))
      throw invalid('InvalidParameter', `The value ${hardwareProfile?.vmSize} provided for the VM size is not valid.`);
    if (!zones.every((zone) => ZONES.includes(zone))) throw invalid('InvalidAvailabilityZone', zones.join());
    if (storageProfile?.imageReference === undefined) throw invalid('InvalidParameter', 'imageReference');
    if (Buffer.from(osProfile?.customData ?? '', 'base64').length > MAX_CUSTOM_DATA_BYTES)
      throw invalid('InvalidParameter', 'customData');
    for (const { id = '' } of networkProfile?.networkInterfaces ?? []) {
      if (!this.#resources.has(id)) throw new Refusal(404, 'NotFound', `Resource ${id} not found.`);
      const other = this.#machineOf(id);
      if (other !== undefined && other.name !== name) throw invalid('NicInUse', id);
    }
    if (before === undefined && this.#all('virtualMachines').length >= this.conditions.maxMachines) {
      throw new Refusal(
        409,
        'OperationNotAllowed',
        'Operation could not be completed as it results in exceeding approved Total Regional Cores quota.',
      );
    }
  }

  /** Its machine is there from the begin; where there is no room, it stays behind as failed. */
  #allocate(machine: Resource, before: Resource | undefined, operation: Operation): void {
    if (
      !this.#resources.has(machine.id) ||
      this.#resources.get(machine.id)?.properties.provisioningState === 'Deleting'
    )
      return;
    const { hardwareProfile, networkProfile, storageProfile } = machine.properties as MachineProperties;
    const size = hardwareProfile?.vmSize ?? '';
    const { full } = this.conditions;
    const isFull = full.has(size) || full.has(`${machine.zones?.[0]}/${size}`);
    const failure = isFull ? NO_ROOM : this.conditions.failure;
    if (failure !== null) {
      const { code, message } = failure;
      operation.status = 'Failed';
      operation.error = { code, message };
      const status = { code: `ProvisioningState/failed/${code}`, message };
      this.#change(machine.id, { provisioningState: 'Failed', instanceView: { statuses: [status] } });
      if (!failure.isRunning) return;
    }
    const disk = storageProfile?.osDisk?.name ?? '';
    const diskId = idOf('disks', disk);
    this.#resources.set(diskId, {
      id: diskId,
      name: disk,
      type: 'Microsoft.Compute/disks',
      location: machine.location,
      tags: machine.tags,
      properties: { provisioningState: 'Succeeded' },
    });
    this.#change(machine.id, {
      provisioningState: failure === null ? 'Succeeded' : 'Failed',
      instanceView: powerState('running'),
      timeCreated: new Date().toISOString(),
    });
    if (before !== undefined) return;
    const nic = this.#resources.get(networkProfile?.networkInterfaces?.[0]?.id ?? '');
    this.#machines.start(machine.id, configurationsOf(nic)[0]?.properties.privateIPAddress ?? '', machine.tags);
  }

  /** What is marked to go with it, goes with it. */
  #remove(id: string): void {
    const resource = this.#resources.get(id);
    this.#resources.delete(id);
    if (!this.conditions.isDeletedTogether) return;
    const { networkProfile, storageProfile } = (resource?.properties ?? {}) as MachineProperties;
    for (const nic of networkProfile?.networkInterfaces ?? []) {
      if (nic.properties?.deleteOption === 'Delete') this.#remove(nic.id ?? '');
    }
    if (storageProfile?.osDisk?.deleteOption === 'Delete')
      this.#resources.delete(idOf('disks', storageProfile.osDisk.name ?? ''));
    for (const { properties } of configurationsOf(resource)) {
      const address = properties.publicIPAddress;
      if (address?.properties?.deleteOption === 'Delete') this.#resources.delete(address.id ?? '');
    }
  }

  #configurations(body: Resource, before: Resource | undefined): unknown {
    const address = configurationsOf(before)[0]?.properties.privateIPAddress ?? this.#address(1);
    return configurationsOf(body).map((one) => ({
      ...one,
      properties: { ...one.properties, privateIPAddress: address },
    }));
  }

  /** A network interface knows what it is attached to. */
  #withMachine(resource: Resource): Resource {
    const machine = this.#machineOf(resource.id);
    if (machine === undefined) return resource;
    return { ...resource, properties: { ...resource.properties, virtualMachine: { id: machine.id } } };
  }

  #address(part: number): string {
    this.#lastHost += 1;
    return `127.${this.#network}.${part}.${this.#lastHost}`;
  }

  #machineOf(nic: string): Resource | undefined {
    return this.#all('virtualMachines').find(({ properties }) =>
      (properties as MachineProperties).networkProfile?.networkInterfaces?.some(({ id }) => id === nic),
    );
  }

  #interfaceOf(address: string): Resource | undefined {
    return this.#all('networkInterfaces').find((nic) =>
      configurationsOf(nic).some(({ properties }) => properties.publicIPAddress?.id === address),
    );
  }

  #operate(effect: (operation: Operation) => void): Operation {
    this.#lastOperation += 1;
    const operation: Operation = { id: String(this.#lastOperation), status: 'InProgress', error: null };
    this.operations.set(operation.id, operation);
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      operation.status = 'Succeeded';
      effect(operation);
    }, this.conditions.operationMs);
    this.#timers.add(timer);
    return operation;
  }

  #succeed(id: string): void {
    if (this.#resources.get(id)?.properties.provisioningState !== 'Deleting')
      this.#change(id, { provisioningState: 'Succeeded' });
  }

  #change(id: string, properties: Properties): void {
    const resource = this.#resources.get(id);
    if (resource !== undefined)
      this.#resources.set(id, { ...resource, properties: { ...resource.properties, ...properties } });
  }

  #stop(machine: Resource): void {
    if (this.isRunning(machine.name)) this.#machines.stop(machine.id);
  }
}

interface MachineProperties {
  readonly hardwareProfile?: { readonly vmSize?: string };
  readonly osProfile?: { readonly computerName?: string; readonly customData?: string };
  readonly storageProfile?: {
    readonly imageReference?: object;
    readonly osDisk?: { readonly name?: string; readonly deleteOption?: string };
  };
  readonly networkProfile?: { readonly networkInterfaces?: readonly Reference[] };
}

interface Reference {
  readonly id?: string;
  readonly properties?: { readonly deleteOption?: string };
}

interface Configuration {
  readonly properties: { readonly privateIPAddress?: string; readonly publicIPAddress?: Reference };
}

function configurationsOf(nic: Resource | undefined): readonly Configuration[] {
  return (nic?.properties.ipConfigurations ?? []) as readonly Configuration[];
}

function idOf(kind: Kind, name: string): string {
  return `/subscriptions/${SUBSCRIPTION}/resourceGroups/${GROUP}/providers/${PROVIDERS[kind]}/${kind}/${name}`;
}

function powerState(state: string): object {
  return { statuses: [{ code: 'ProvisioningState/succeeded' }, { code: `PowerState/${state}` }] };
}

function invalid(code: string, message: string): Refusal {
  return new Refusal(400, code, message);
}
