import { oneLine } from '../../base/quoted.ts';
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
import { Watchers } from '../watchers.ts';
import { type CallContext, HetznerClient, PAGE_SIZE, type Server } from './client.ts';
import { Endings } from './endings.ts';
import { fleetLabels, selectorOf, serverName, type Tags, tagsOf } from './labels.ts';
import { machineOf } from './machine.ts';
import { Orders } from './order.ts';
import { PlacementGroups } from './placement-groups.ts';
import { readInstanceSettings, readTemplateSettings, type TemplateSettings } from './settings.ts';

/** How soon another list is worth while for a server that has no address yet. */
const ADDRESS_POLL_MS = 5_000;
/** A server that was made longer ago, and is off, was turned off. */
const START_TIMEOUT_MS = 600_000;

/** Servers of a project at Hetzner Cloud. How the parts play together is in docs/providers/hetzner.md. */
export class HetznerProvider implements Provider {
  readonly #fleet: string;
  readonly #clock: Clock;
  readonly #client: HetznerClient;
  readonly #orders: Orders;
  readonly #placementGroups: PlacementGroups;
  readonly #endings: Endings;
  readonly #queue = new KeyedSerial();
  readonly #watchers = new Watchers();
  readonly #closed = new AbortController();

  constructor({ fleet, settings, clock, onProblem, onRateLimitWait }: ProviderContext) {
    this.#fleet = fleet;
    this.#clock = clock;
    const read = readInstanceSettings(settings);
    this.#client = new HetznerClient(read, clock, onRateLimitWait);
    this.#orders = new Orders(this.#client, read.locations);
    this.#placementGroups = new PlacementGroups(this.#client, fleet);
    this.#endings = new Endings(this.#client, this.#placementGroups, { fleet, clock, onProblem });
  }

  launch(request: LaunchRequest, signal: AbortSignal): Promise<Machine> {
    return untilAborted(signal, async () => {
      const settings = readTemplateSettings(request.settings);
      return this.#queue.run(request.instanceId, () => this.#launch(request, settings, signal));
    });
  }

  list(signal: AbortSignal): Promise<MachineList> {
    return untilAborted(signal, async () => {
      const context: CallContext = { kind: 'list', signal };
      const servers = await this.#servers(context);
      const machines: Machine[] = [];
      for (const server of servers) {
        const machine = await this.#machine(server, context);
        if (machine !== null) machines.push(machine);
      }
      this.#awaitAddresses(machines);
      return wholeList(machines);
    });
  }

  terminate(machineId: string, signal: AbortSignal): Promise<void> {
    return untilAborted(signal, () => this.#queue.run(machineId, () => this.#endings.end(machineId, signal)));
  }

  watch(onChange: () => void): () => void {
    return this.#watchers.add(onChange);
  }

  async close(): Promise<void> {
    this.#closed.abort();
    this.#watchers.clear();
  }

  async #launch(request: LaunchRequest, settings: TemplateSettings, signal: AbortSignal): Promise<Machine> {
    const placementGroupId = await this.#placementGroup(request, settings, signal);
    try {
      const body = await this.#orders.order({ fleet: this.#fleet, request, settings, placementGroupId }, signal);
      const made = await this.#client.call({ kind: 'change', signal }, (api, how) =>
        api.POST('/servers', { ...how, body }),
      );
      const machine = await this.#machine(made.server, { kind: 'change', signal });
      if (machine === null) throw otherServer(made.server);
      this.#awaitAddresses([machine]);
      return machine;
    } catch (error) {
      if (!(error instanceof PortError)) throw error;
      return await this.#afterRefusal(request, settings, error, signal);
    } finally {
      this.#placementGroups.release(request.instanceId);
    }
  }

  /** An earlier call for the same instance may have made the server, without its answer having arrived. */
  async #afterRefusal(
    request: LaunchRequest,
    settings: TemplateSettings,
    refusal: PortError,
    signal: AbortSignal,
  ): Promise<Machine> {
    const isTaken = refusal.code === 'uniqueness_error';
    if (refusal.reaction === 'Invalid' || refusal.reaction === 'NotFound') this.#orders.forget();
    if (isTaken || refusal.reaction === 'NoCapacity') {
      const found = await this.#find(request, signal);
      if (found !== null) return found;
      if (isTaken) {
        const message = `a server with the name ${serverName(this.#fleet, request)} is there and not listed yet`;
        throw new PortError('Transient', 'notListedYet', message, { cause: refusal });
      }
    }
    if (refusal.code === 'invalid_input' && !(await this.#orders.isOffered(request, settings, signal))) {
      const message = `${request.placement.zone} does not offer this server type`;
      throw new PortError('NoCapacity', 'notOffered', message, { cause: refusal });
    }
    // What the launch template names is not there: that the server itself is not is no news.
    if (refusal.reaction === 'NotFound') {
      throw new PortError('Invalid', refusal.code, refusal.message, { cause: refusal });
    }
    throw refusal;
  }

  /** The server of an instance, by its name; null if there is none. @throws PortError `Invalid` when the name is another server's */
  async #find(request: LaunchRequest, signal: AbortSignal): Promise<Machine | null> {
    const context: CallContext = { kind: 'change', signal };
    const params = { query: { name: serverName(this.#fleet, request) } };
    const { servers } = await this.#client.call(context, (api, how) => api.GET('/servers', { ...how, params }));
    const [server] = servers;
    if (server === undefined) return null;
    const machine = await this.#machine(server, context);
    if (machine?.instanceId !== request.instanceId) throw otherServer(server);
    this.#awaitAddresses([machine]);
    return machine;
  }

  async #placementGroup(
    { group, instanceId }: LaunchRequest,
    { placementGroup }: TemplateSettings,
    signal: AbortSignal,
  ): Promise<number | null> {
    if (placementGroup === null) return null;
    if (placementGroup === 'spread') return this.#placementGroups.reserve(group, instanceId, signal);
    return this.#orders.placementGroup(placementGroup.name, signal);
  }

  #servers(context: CallContext): Promise<readonly Server[]> {
    return this.#client.all(async (page) => {
      const label_selector = selectorOf(fleetLabels(this.#fleet));
      const query = { label_selector, page, per_page: PAGE_SIZE, sort: ['id:asc' as const] };
      const { servers, meta } = await this.#client.call(context, (api, how) =>
        api.GET('/servers', { ...how, params: { query } }),
      );
      return { items: servers, meta };
    });
  }

  async #machine(server: Server, context: CallContext): Promise<Machine | null> {
    const tags = tagsOf(server.labels, this.#fleet);
    if (tags === null) return null;
    if (server.status !== 'off') return machineOf(server, tags, null);
    if (this.#clock.now() - Date.parse(server.created) > START_TIMEOUT_MS) return machineOf(server, tags, 'it is off');
    return await this.#newMachine(server, tags, context);
  }

  /** Of a server that is new, and off: its actions tell whether it has been started yet. */
  async #newMachine(server: Server, tags: Tags, context: CallContext): Promise<Machine | null> {
    const params = { path: { id: server.id }, query: { sort: ['id:desc' as const], per_page: PAGE_SIZE } };
    const { actions } = await this.#client.call(context, (api, how) =>
      api.GET('/servers/{id}/actions', { ...how, params }),
    );
    if (actions.some(({ status }) => status === 'running')) return machineOf(server, tags, null);
    const failed = actions.find(({ status }) => status === 'error');
    const why = failed === undefined ? '' : `, because its ${failed.command} failed: ${failed.error?.message ?? ''}`;
    // A list that is behind may still show it as it was before its start.
    const now = await this.#client.server(server.id, context);
    return now === null ? null : machineOf(now, tags, oneLine(`it is off${why}`));
  }

  #awaitAddresses(machines: readonly Machine[]): void {
    const isAwaited = machines.some(({ addresses, state }) => addresses.length === 0 && state !== 'stopped');
    if (isAwaited) this.#watchers.notifyIn(ADDRESS_POLL_MS, this.#clock, this.#closed.signal);
  }
}

function otherServer({ name }: Server): PortError {
  const message = `the project has another server of the name ${name}, which is not this instance's; rename or delete it`;
  return new PortError('Invalid', 'nameTaken', message);
}
