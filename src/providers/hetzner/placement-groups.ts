import { Serial } from '../../base/serial.ts';
import { PortError } from '../../ports/errors.ts';
import type { CallContext, HetznerClient } from './client.ts';
import { groupLabels, type Labels, placementGroupName, selectorOf } from './labels.ts';

/** The API's own limit for groups of the type `spread`. */
const MAX_SERVERS = 10;

/**
 * The placement groups of the type `spread` that Drover makes for the servers of its groups, as many as it takes, and removes when they are
 * empty.
 */
export class PlacementGroups {
  readonly #client: HetznerClient;
  readonly #fleet: string;
  readonly #queue = new Serial();
  /** Launches under way: the API does not count them yet. */
  readonly #reserved = new Map<string, number>();

  constructor(client: HetznerClient, fleet: string) {
    this.#client = client;
    this.#fleet = fleet;
  }

  /** A place for one server. Let go of it by `release` once its launch has ended. */
  reserve(group: string, instanceId: string, signal: AbortSignal): Promise<number> {
    return this.#queue.run(async () => {
      const context: CallContext = { kind: 'change', signal };
      const found = await this.#all(groupLabels(this.#fleet, group), context);
      const withRoom = found.find(({ id, servers }) => servers.length + this.#reservedIn(id, instanceId) < MAX_SERVERS);
      const id = withRoom?.id ?? (await this.#create(group, found, context));
      this.#reserved.set(instanceId, id);
      return id;
    });
  }

  release(instanceId: string): void {
    this.#reserved.delete(instanceId);
  }

  /** Removes those of a group that have no servers. */
  removeEmpty(group: string, signal: AbortSignal): Promise<void> {
    return this.#queue.run(async () => {
      const context: CallContext = { kind: 'change', signal };
      for (const { id, servers } of await this.#all(groupLabels(this.#fleet, group), context)) {
        if (servers.length > 0 || this.#reservedIn(id, '') > 0) continue;
        const params = { path: { id } };
        await this.#client
          .call(context, (api, how) => api.DELETE('/placement_groups/{id}', { ...how, params }))
          .catch(unlessGone);
      }
    });
  }

  async #all(labels: Labels, context: CallContext) {
    return this.#client.all(async (page) => {
      const query = { label_selector: selectorOf(labels), page, per_page: 50, sort: ['id:asc' as const] };
      const { placement_groups, meta } = await this.#client.call(context, (api, how) =>
        api.GET('/placement_groups', { ...how, params: { query } }),
      );
      return { items: placement_groups, meta };
    });
  }

  async #create(group: string, there: readonly { readonly name: string }[], context: CallContext): Promise<number> {
    const names = new Set(there.map(({ name }) => name));
    let number = 1;
    while (names.has(placementGroupName(this.#fleet, group, number))) number += 1;
    const body = {
      name: placementGroupName(this.#fleet, group, number),
      type: 'spread' as const,
      labels: { ...groupLabels(this.#fleet, group) },
    };
    try {
      const made = await this.#client.call(context, (api, how) => api.POST('/placement_groups', { ...how, body }));
      return made.placement_group.id;
    } catch (error) {
      if (!(error instanceof PortError) || error.code !== 'uniqueness_error') throw error;
      throw new PortError('Transient', 'placementGroup', `the placement group ${body.name} has just been made`, {
        cause: error,
      });
    }
  }

  #reservedIn(placementGroupId: number, except: string): number {
    return [...this.#reserved].filter(([instanceId, id]) => id === placementGroupId && instanceId !== except).length;
  }
}

function unlessGone(error: unknown): void {
  if (!(error instanceof PortError) || error.reaction !== 'NotFound') throw error;
}
