import { KeyedSerial } from '../../base/serial.ts';
import type { Machine } from '../../model/observation.ts';
import type { Clock } from '../../ports/clock.ts';
import { untilAborted } from '../../ports/deadline.ts';
import { PortError } from '../../ports/errors.ts';
import {
  type LaunchRequest,
  type MachineList,
  type Provider,
  type ProviderContext,
  wholeList,
} from '../../ports/provider.ts';
import { AzureClient, type Clients } from './client.ts';
import { Ending } from './ending.ts';
import { Launches } from './launch.ts';
import { Leftovers } from './leftovers.ts';
import { machineOf, type Parts } from './machine.ts';
import { readInstanceSettings, readTemplateSettings, type TemplateSettings } from './settings.ts';
import { partNames, type Tags, tagsOf, vmName, vmOfPart } from './tags.ts';

const MAX_LISTED = 10_000;

/** Virtual machines in a resource group of Azure. How the parts play together is in docs/providers/azure.md. */
export class AzureProvider implements Provider {
  readonly #fleet: string;
  readonly #clock: Clock;
  readonly #client: AzureClient;
  readonly #ending: Ending;
  readonly #leftovers: Leftovers;
  readonly #launches: Launches;
  readonly #queue = new KeyedSerial();

  constructor({ fleet, settings, clock, onProblem }: ProviderContext) {
    const read = readInstanceSettings(settings);
    this.#fleet = fleet;
    this.#clock = clock;
    this.#client = new AzureClient(read);
    this.#ending = new Ending(this.#client, fleet, clock);
    this.#leftovers = new Leftovers(this.#ending, clock, onProblem);
    this.#launches = new Launches(this.#client, this.#ending, this.#leftovers, read);
  }

  launch(request: LaunchRequest, signal: AbortSignal): Promise<Machine> {
    return untilAborted(signal, async () => {
      const settings = readTemplateSettings(request.settings);
      const name = vmName(this.#fleet, request);
      return this.#queue.run(name, () => this.#launch(name, request, settings, signal));
    });
  }

  list(signal: AbortSignal): Promise<MachineList> {
    return untilAborted(signal, async () => wholeList(await this.#machines(signal)));
  }

  terminate(machineId: string, signal: AbortSignal): Promise<void> {
    return untilAborted(signal, () => this.#queue.run(machineId, () => this.#ending.end(machineId, signal)));
  }

  /** Azure tells of nothing by itself. */
  watch(): () => void {
    return () => undefined;
  }

  close(): Promise<void> {
    return this.#leftovers.close();
  }

  async #launch(
    name: string,
    request: LaunchRequest,
    settings: TemplateSettings,
    signal: AbortSignal,
  ): Promise<Machine> {
    const there = await this.#partsOf(name, signal);
    const { group, instanceId, placement } = request;
    const { zone } = placement;
    const tags = this.#tagsOfAll(name, there) ?? {
      group,
      instanceId,
      launchedAt: this.#clock.now(),
      zone,
      address: settings.address,
    };
    if (there.vm !== null) return machineOf(name, tags, there, there.vm.instanceView?.statuses, this.#clock.now());
    const made = await this.#launches.launch({ fleet: this.#fleet, name, request, settings, tags }, signal);
    return machineOf(name, tags, made, [], this.#clock.now());
  }

  /** What the parts that there are say; null where there are none. @throws PortError `Invalid` when one of them is somebody else's */
  #tagsOfAll(name: string, { vm, networkInterface, publicAddress }: Parts): Tags | null {
    let found: Tags | null = null;
    for (const part of [vm, networkInterface, publicAddress]) {
      if (part === null) continue;
      const tags = tagsOf(name, part.tags, this.#fleet);
      if (tags === null) {
        const message = `${part.name ?? name} is there and is not this instance's; rename or delete it`;
        throw new PortError('Invalid', 'nameTaken', message);
      }
      found ??= tags;
    }
    return found;
  }

  async #partsOf(name: string, abortSignal: AbortSignal): Promise<Parts> {
    const how = { abortSignal };
    const vm = await this.#client.find(({ compute }, group) =>
      compute.virtualMachines.get(group, name, { ...how, expand: 'instanceView' }),
    );
    const networkInterface = await this.#client.find(({ network }, group) =>
      network.networkInterfaces.get(group, partNames.networkInterface(name), how),
    );
    const publicAddress = await this.#client.find(({ network }, group) =>
      network.publicIPAddresses.get(group, partNames.publicAddress(name), how),
    );
    return { vm, networkInterface, publicAddress };
  }

  /** Of each name what there is of it. Machines first: of one that goes meanwhile an interface is left to be seen, and not the other way round. */
  async #machines(abortSignal: AbortSignal): Promise<readonly Machine[]> {
    const how = { abortSignal };
    const vms = await this.#all('virtual machines', ({ compute }, group) => compute.virtualMachines.list(group, how));
    const seen = await this.#all('power states, in the whole subscription,', ({ compute }) =>
      compute.virtualMachines.listAll({ ...how, statusOnly: 'true' }),
    );
    const interfaces = await this.#all('network interfaces', ({ network }, group) =>
      network.networkInterfaces.list(group, how),
    );
    const addresses = await this.#all('public addresses', ({ network }, group) =>
      network.publicIPAddresses.list(group, how),
    );

    const statusesById = new Map(seen.map((vm) => [vm.id?.toLowerCase(), vm.instanceView?.statuses]));
    const vmsByName = new Map(vms.map((vm) => [vm.name?.toLowerCase() ?? '', vm]));
    const interfacesByVm = new Map(interfaces.map((one) => [vmOfPart(one.name), one]));
    const addressesByVm = new Map(addresses.map((one) => [vmOfPart(one.name), one]));
    const tags = new Map<string, Tags>();
    for (const part of [...addresses, ...interfaces]) this.#note(tags, vmOfPart(part.name), part.tags);
    for (const [name, vm] of vmsByName) this.#note(tags, name, vm.tags);
    const machines = [...tags].map(async ([name, of]) => {
      const networkInterface = interfacesByVm.get(name) ?? null;
      const publicAddress = addressesByVm.get(name) ?? null;
      const listed = vmsByName.get(name) ?? null;
      // Azure's lists are behind: what a network interface is attached to is there, though it is not listed yet.
      const isMissed = listed === null && networkInterface?.virtualMachine !== undefined;
      const parts = isMissed ? await this.#partsOf(name, abortSignal) : { vm: listed, networkInterface, publicAddress };
      const { vm } = parts;
      if (vm === null && this.#leftovers.has(name)) return [];
      const statuses = statusesById.get(vm?.id?.toLowerCase()) ?? vm?.instanceView?.statuses;
      return [machineOf(name, of, parts, statuses, this.#clock.now())];
    });
    return (await Promise.all(machines)).flat();
  }

  #note(noted: Map<string, Tags>, name: string | null, tags: Record<string, string> | undefined): void {
    const found = name === null ? null : tagsOf(name, tags, this.#fleet);
    if (found !== null && name !== null) noted.set(name, found);
  }

  /** All pages, or an error. The SDK keeps Azure's code of one, and not its words. */
  async #all<T>(what: string, pages: (clients: Clients, group: string) => AsyncIterable<T>): Promise<readonly T[]> {
    try {
      return await this.#client.call(async (clients, group) => {
        const found: T[] = [];
        for await (const item of pages(clients, group)) {
          if (found.length === MAX_LISTED) {
            throw new PortError('Transient', 'tooMany', `there are more than ${MAX_LISTED}`);
          }
          found.push(item);
        }
        return found;
      });
    } catch (error) {
      if (!(error instanceof PortError)) throw error;
      const { reaction, code, message, retryAfterMs } = error;
      const wait = retryAfterMs === null ? {} : { retryAfterMs };
      throw new PortError(reaction, code, `${what} cannot be listed: ${message}`, { cause: error, ...wait });
    }
  }
}
