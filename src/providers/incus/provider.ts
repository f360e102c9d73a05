import { z } from 'zod';
import { KeyedSerial } from '../../base/serial.ts';
import type { Machine } from '../../model/observation.ts';
import type { Clock } from '../../ports/clock.ts';
import { untilAborted } from '../../ports/deadline.ts';
import { PortError } from '../../ports/errors.ts';
import type { LaunchRequest, MachineList, Provider, ProviderContext } from '../../ports/provider.ts';
import { Endings } from '../endings.ts';
import { Watchers } from '../watchers.ts';
import { IncusClient } from './client.ts';
import { endInstance } from './ending.ts';
import { EventWatch } from './event-watch.ts';
import { instanceSchema, Machines, tagsOf } from './instances.ts';
import { findInstance, launchInstance } from './launch.ts';
import { readSettings, serverOf } from './settings.ts';

const MACHINE_ID = /^drover-[a-z0-9-]{1,56}$/;

export const membersSchema = z.array(z.object({ server_name: z.string(), status: z.string(), message: z.string() }));

/** Servers as containers or virtual machines of an Incus server or cluster. How it works is in docs/providers/incus.md. */
export class IncusProvider implements Provider {
  readonly #fleet: string;
  readonly #clock: Clock;
  readonly #client: IncusClient;
  /** The cluster's members by whose names zones are known; empty where there is one place. */
  readonly #zones: readonly string[];
  /** Of one machine one operation at a time. */
  readonly #queue = new KeyedSerial();
  readonly #closed = new AbortController();
  readonly #endings = new Endings();
  readonly #machines: Machines;
  readonly #watchers: Watchers;
  #events: EventWatch | null = null;

  constructor({ fleet, settings, clock }: ProviderContext) {
    const server = serverOf(settings);
    this.#fleet = fleet;
    this.#clock = clock;
    this.#client = new IncusClient(server);
    this.#zones = server.members;
    this.#machines = new Machines(clock);
    this.#watchers = new Watchers(clock, this.#closed.signal);
  }

  launch(request: LaunchRequest, signal: AbortSignal): Promise<Machine> {
    return untilAborted(signal, async () => {
      const settings = readSettings(request.settings);
      const use = { client: this.#client, machines: this.#machines, fleet: this.#fleet, clock: this.#clock };
      return await this.#queue.run(request.instanceId, () => launchInstance(request, settings, use, signal));
    });
  }

  list(signal: AbortSignal): Promise<MachineList> {
    return untilAborted(signal, async () => {
      const unseenZones = await this.#unseenZones(signal);
      const filter = encodeURIComponent(`config.user.drover.fleet eq ${this.#fleet}`);
      const path = `/1.0/instances?recursion=2&filter=${filter}`;
      const instances = await this.#client.get(path, z.array(instanceSchema), signal);
      this.#machines.keep(instances);
      const machines = instances.flatMap((instance) => {
        const tags = tagsOf(instance, this.#fleet);
        const zone = this.#zones.length === 0 ? null : instance.location;
        return tags === null || unseenZones.has(instance.location) ? [] : [this.#machines.of(instance, tags, zone)];
      });
      this.#watchers.listed(machines);
      return { machines, unseenZones };
    });
  }

  terminate(machineId: string, signal: AbortSignal): Promise<void> {
    return untilAborted(signal, async () => {
      if (this.#endings.isUnderWay(machineId)) return;
      const instance = MACHINE_ID.test(machineId) ? await findInstance(this.#client, machineId, signal) : null;
      const tags = instance === null ? null : tagsOf(instance, this.#fleet);
      if (tags === null) {
        throw new PortError('NotFound', 'noMachine', `There is no machine ${machineId} in the fleet ${this.#fleet}.`);
      }
      const end = () => endInstance(this.#client, machineId, this.#fleet, this.#closed.signal);
      this.#endings.start(
        machineId,
        () => this.#queue.run(tags.instanceId, end),
        () => this.#watchers.notify(),
      );
    });
  }

  watch(onChange: () => void): () => void {
    const stop = this.#watchers.add(onChange);
    this.#events ??= new EventWatch(
      this.#client,
      this.#clock,
      (name) => MACHINE_ID.test(name),
      () => this.#watchers.notify(),
    );
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
    await this.#client.close();
  }

  /** Members that the cluster does not reach: what it says of their instances is not how they are. */
  async #unseenZones(signal: AbortSignal): Promise<ReadonlyMap<string, string>> {
    if (this.#zones.length === 0) return new Map();
    const members = await this.#client.get('/1.0/cluster/members?recursion=1', membersSchema, signal);
    const offline = members.filter(({ status }) => status.toLowerCase() === 'offline');
    return new Map(
      offline.map(({ server_name: name, message }) => [
        name,
        `the cluster does not reach its member ${name}: ${message}`,
      ]),
    );
  }

  async #stopEvents(): Promise<void> {
    const events = this.#events;
    this.#events = null;
    await events?.close();
  }
}
