import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { KeyedSerial } from '../../base/serial.ts';
import type { Machine } from '../../model/observation.ts';
import type { Clock } from '../../ports/clock.ts';
import { untilAborted, withDeadline } from '../../ports/deadline.ts';
import { PortError } from '../../ports/errors.ts';
import type { LaunchRequest, MachineList, Provider, ProviderContext } from '../../ports/provider.ts';
import { Endings } from '../endings.ts';
import type { Following } from '../following.ts';
import { ADDRESS_INTERVAL_MS, awaitsAddress, Watchers } from '../watchers.ts';
import { listOfZones } from '../zone-lists.ts';
import { endMachine } from './ending.ts';
import { followEvents } from './event-watch.ts';
import { Host } from './host.ts';
import { launchOn, WORK_FOLDER_PREFIX } from './launch.ts';
import { hostsOf, readSettings } from './settings.ts';
import { mayBeOf } from './tags.ts';

/** One host may not keep the others' machines from being listed. */
const HOST_LIST_TIMEOUT_MS = 20_000;

/** Servers as virtual machines of libvirt hosts. How it works is in docs/providers/libvirt.md. */
export class LibvirtProvider implements Provider {
  readonly #fleet: string;
  readonly #dataDir: string;
  readonly #clock: Clock;
  /** By zone. */
  readonly #hosts: ReadonlyMap<string | null, Host>;
  /** Of one machine one operation at a time. */
  readonly #queue = new KeyedSerial();
  readonly #endings = new Endings();
  readonly #closed = new AbortController();
  readonly #watchers = new Watchers();
  #events: readonly Following[] = [];
  #swept: Promise<void> | null = null;

  constructor({ fleet, settings, dataDir, clock }: ProviderContext) {
    this.#fleet = fleet;
    this.#dataDir = dataDir;
    this.#clock = clock;
    this.#hosts = new Map(hostsOf(settings).map((host) => [host.zone, new Host(host, fleet, clock)]));
  }

  launch(request: LaunchRequest, signal: AbortSignal): Promise<Machine> {
    return untilAborted(signal, async () => {
      const settings = readSettings(request.settings);
      await this.#sweep();
      const host = this.#hostOf(request.placement.zone);
      const use = { fleet: this.#fleet, dataDir: this.#dataDir, clock: this.#clock };
      return await this.#queue.run(request.instanceId, () => launchOn(host, request, settings, use, signal));
    });
  }

  list(signal: AbortSignal): Promise<MachineList> {
    return untilAborted(signal, async () => {
      const list = await listOfZones([...this.#hosts.values()], (host) =>
        withDeadline(this.#clock, HOST_LIST_TIMEOUT_MS, signal, (bounded) => host.list(bounded), host.virsh.where),
      );
      if (list.machines.some(awaitsAddress)) {
        this.#watchers.notifyIn(ADDRESS_INTERVAL_MS, this.#clock, this.#closed.signal);
      }
      return list;
    });
  }

  terminate(machineId: string, signal: AbortSignal): Promise<void> {
    return untilAborted(signal, async () => {
      if (this.#endings.isUnderWay(machineId)) return;
      const { host, name } = this.#placeOf(machineId);
      if ((await host.tagsOf(name, signal)) === null) throw this.#noMachine(machineId);
      const end = () => this.#queue.run(instanceOf(this.#fleet, name), () => this.#end(host, name));
      this.#endings.start(machineId, end, () => this.#watchers.notify());
    });
  }

  watch(onChange: () => void): () => void {
    const stop = this.#watchers.add(onChange);
    if (this.#events.length === 0) {
      this.#events = [...this.#hosts.values()].map(({ virsh }) =>
        followEvents(virsh, this.#fleet, this.#clock, () => this.#watchers.notify()),
      );
    }
    return () => {
      stop();
      if (this.#watchers.isEmpty) void this.#stopEvents();
    };
  }

  async close(): Promise<void> {
    this.#closed.abort();
    this.#watchers.clear();
    await this.#stopEvents();
    await this.#endings.settled();
  }

  async #end(host: Host, name: string): Promise<void> {
    const tags = await host.tagsOf(name, this.#closed.signal);
    if (tags !== null) await endMachine(host, name, tags, this.#clock, this.#closed.signal);
  }

  /** The first host where the core names none: the only one, mostly. @throws PortError `Invalid` */
  #hostOf(zone: string | null): Host {
    const host = zone === null ? this.#hosts.values().next().value : this.#hosts.get(zone);
    if (host !== undefined) return host;
    throw new PortError(
      'Invalid',
      'noHost',
      `There is no host ${zone} in the provider's settings; add it, or correct zones.`,
    );
  }

  /** @throws PortError `NotFound` for an id that is no machine's of the fleet */
  #placeOf(machineId: string): { readonly host: Host; readonly name: string } {
    const at = machineId.indexOf(':');
    const host = this.#hosts.get(at === -1 ? null : machineId.slice(0, at));
    const name = machineId.slice(at + 1);
    if (host === undefined || !mayBeOf(this.#fleet, name)) throw this.#noMachine(machineId);
    return { host, name };
  }

  #noMachine(machineId: string): PortError {
    return new PortError('NotFound', 'noMachine', `There is no machine ${machineId} in the fleet ${this.#fleet}.`);
  }

  async #stopEvents(): Promise<void> {
    const events = this.#events;
    this.#events = [];
    await Promise.all(events.map((one) => one.close()));
  }

  /** Once in a provider's life: what launches of an earlier controller left in the data folder may hold user data. */
  #sweep(): Promise<void> {
    this.#swept ??= (async () => {
      const left = (await readdir(this.#dataDir)).filter((name) => name.startsWith(WORK_FOLDER_PREFIX));
      for (const name of left) await rm(join(this.#dataDir, name), { recursive: true, force: true });
    })().catch((error: unknown) => {
      this.#swept = null;
      throw error;
    });
    return this.#swept;
  }
}

/** What a domain of the fleet is queued by: as its launch is. */
function instanceOf(fleet: string, name: string): string {
  return name.slice(`drover-${fleet}-`.length);
}
