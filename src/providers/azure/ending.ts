import { type BackoffLimits, backoffMs } from '../../base/backoff.ts';
import type { Clock } from '../../ports/clock.ts';
import { PortError } from '../../ports/errors.ts';
import type { AzureClient, Begin } from './client.ts';
import { partNames, tagsOf } from './tags.ts';

/** How often Azure is asked whether a machine is gone, however often the caller asks. */
const POLL: BackoffLimits = { minMs: 1_000, maxMs: 15_000 };

interface Poll {
  readonly polls: number;
  readonly nextMs: number;
}

/** What Azure has of something. */
interface Resource {
  readonly tags?: Record<string, string>;
}

/** Deletes virtual machines, and what is left of them: only what its tags prove to be the fleet's and the instance's. */
export class Ending {
  readonly #client: AzureClient;
  readonly #fleet: string;
  readonly #clock: Clock;
  readonly #polls = new Map<string, Poll>();

  constructor(client: AzureClient, fleet: string, clock: Clock) {
    this.#client = client;
    this.#fleet = fleet;
    this.#clock = clock;
  }

  /** Asks for the end of a machine. @throws PortError `NotFound` when nothing is left of it, or it is none of the fleet's */
  async end(name: string, signal: AbortSignal): Promise<void> {
    const { polls, nextMs } = this.#polls.get(name) ?? { polls: 0, nextMs: 0 };
    if (this.#clock.steadyMs() < nextMs) return;
    const begin = /^[a-z0-9][a-z0-9-]{0,63}$/.test(name) ? await this.#next(name, signal) : null;
    if (begin === null) {
      this.#polls.delete(name);
      throw new PortError('NotFound', 'noMachine', `There is no virtual machine ${name} in the fleet ${this.#fleet}.`);
    }
    if (begin !== 'underWay') await this.#client.begin(begin);
    // Each step is new: what it waits for may be done soon.
    const count = begin === 'underWay' ? polls + 1 : 1;
    this.#polls.set(name, { polls: count, nextMs: this.#clock.steadyMs() + backoffMs(count, POLL, 0) });
  }

  /** Removes all that there is of a machine, and waits for it. @throws PortError */
  async removeAll(name: string, signal: AbortSignal): Promise<void> {
    for (;;) {
      signal.throwIfAborted();
      const begin = await this.#next(name, signal);
      if (begin === null) return;
      if (begin === 'underWay') await this.#clock.sleep(POLL.minMs, signal);
      else await this.#client.operate(begin, signal);
    }
  }

  /** The next step: the machine goes with what is marked to go with it; then what is left, one after the other. @returns null when nothing is left */
  async #next(name: string, abortSignal: AbortSignal): Promise<Begin<unknown> | 'underWay' | null> {
    const how = { abortSignal };
    const isOurs = (found: Resource) => tagsOf(name, found.tags, this.#fleet) !== null;
    const vm = await this.#client.find(({ compute }, group) => compute.virtualMachines.get(group, name, how));
    if (vm !== null) {
      // Without its tags it is somebody else's by now, and so is what it uses.
      if (!isOurs(vm)) return null;
      if (vm.provisioningState === 'Deleting') return 'underWay';
      return ({ compute }, group) => compute.virtualMachines.delete(group, name, how);
    }
    const nicName = partNames.networkInterface(name);
    const nic = await this.#client.find(({ network }, group) => network.networkInterfaces.get(group, nicName, how));
    if (nic !== null && isOurs(nic)) {
      return ({ network }, group) => network.networkInterfaces.delete(group, nicName, how);
    }
    const ipName = partNames.publicAddress(name);
    const ip = await this.#client.find(({ network }, group) => network.publicIPAddresses.get(group, ipName, how));
    if (ip !== null && isOurs(ip)) return ({ network }, group) => network.publicIPAddresses.delete(group, ipName, how);
    const diskName = partNames.disk(name);
    const disk = await this.#client.find(({ compute }, group) => compute.disks.get(group, diskName, how));
    // Azure gives a disk the tags of the machine that it is made with.
    if (disk !== null && isOurs(disk)) return ({ compute }, group) => compute.disks.delete(group, diskName, how);
    return null;
  }
}
