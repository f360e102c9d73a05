import { z } from 'zod';
import { KeyedSerial } from '../../base/serial.ts';
import type { Machine } from '../../model/observation.ts';
import type { Clock } from '../../ports/clock.ts';
import { untilAborted } from '../../ports/deadline.ts';
import { PortError } from '../../ports/errors.ts';
import type { LaunchRequest, MachineList, Provider, ProviderContext } from '../../ports/provider.ts';
import { Endings } from '../endings.ts';
import type { Following } from '../following.ts';
import { ADDRESS_INTERVAL_MS, awaitsAddress, Watchers } from '../watchers.ts';
import { IncusClient } from './client.ts';
import { endInstance } from './ending.ts';
import { followEvents } from './event-watch.ts';
import { type Instance, instanceSchema, isUnreached, Machines, tagsOf } from './instances.ts';
import { findInstance, launchInstance } from './launch.ts';
import { readSettings, serverOf } from './settings.ts';

const MACHINE_ID = /^drover-[a-z0-9-]{1,56}$/;

export const membersSchema = z.array(z.object({ server_name: z.string(), status: z.string(), message: z.string() }));

const serverSchema = z.object({ environment: z.object({ server_clustered: z.boolean() }).optional() });

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
  readonly #watchers = new Watchers();
  #events: Following | null = null;

  constructor({ fleet, settings, clock }: ProviderContext) {
    const server = serverOf(settings);
    this.#fleet = fleet;
    this.#clock = clock;
    this.#client = new IncusClient(server);
    this.#zones = server.members;
    this.#machines = new Machines(clock);
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
      const instances = await this.#instances(signal);
      const unseenZones = await this.#unseenZones(instances, signal);
      this.#machines.keep(instances);
      const machines = instances.flatMap((instance) => {
        const tags = tagsOf(instance, this.#fleet);
        const zone = this.#zones.length === 0 ? null : instance.location;
        return tags === null || unseenZones.has(instance.location) ? [] : [this.#machines.of(instance, tags, zone)];
      });
      if (machines.some(awaitsAddress)) {
        this.#watchers.notifyIn(ADDRESS_INTERVAL_MS, this.#clock, this.#closed.signal);
      }
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
    this.#events ??= followEvents(
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

  /** The fleet's instances; of a cluster all of the project, because what is on a member that is not reached has lost its tags. */
  async #instances(signal: AbortSignal): Promise<readonly Instance[]> {
    const { environment } = await this.#client.get('/1.0', serverSchema, signal);
    const filter = encodeURIComponent(`config.user.drover.fleet eq ${this.#fleet}`);
    const own = environment?.server_clustered === true ? '' : `&filter=${filter}`;
    return await this.#client.get(`/1.0/instances?recursion=2${own}`, z.array(instanceSchema), signal);
  }

  /**
   * Members that the cluster does not reach: what it says of their instances is not how they are.
   * @throws PortError `Transient` where members are no zones
   */
  async #unseenZones(instances: readonly Instance[], signal: AbortSignal): Promise<ReadonlyMap<string, string>> {
    const unreached = instances.filter(isUnreached).map(({ location }) => location);
    const why = (name: string) => `the cluster does not reach its member ${name}`;
    if (this.#zones.length === 0) {
      const [first] = unreached;
      if (first === undefined) return new Map();
      throw new PortError('Transient', 'unreachedMember', `${this.#client.where}: ${why(first)}; look whether it runs`);
    }
    const members = await this.#client.get('/1.0/cluster/members?recursion=1', membersSchema, signal);
    const offline = members.filter(({ status }) => status.toLowerCase() === 'offline');
    return new Map([
      ...unreached.map((name): [string, string] => [name, why(name)]),
      ...offline.map(({ server_name: name, message }): [string, string] => [name, `${why(name)}: ${message}`]),
    ]);
  }

  async #stopEvents(): Promise<void> {
    const events = this.#events;
    this.#events = null;
    await events?.close();
  }
}
