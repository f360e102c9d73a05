/** What a server is made of: the names of a launch template, found in the project. */

import { quotedStart } from '../../base/quoted.ts';
import { PortError } from '../../ports/errors.ts';
import type { LaunchRequest } from '../../ports/provider.ts';
import { renderUserData } from '../user-data.ts';
import type { CallContext, HetznerClient, ServerOrder, ServerType } from './client.ts';
import { serverLabels, serverName } from './labels.ts';
import type { ImageSettings, TemplateSettings } from './settings.ts';

/** The API's own limit. */
const MAX_USER_DATA_BYTES = 32 * 1024;

export interface Order {
  readonly fleet: string;
  readonly request: LaunchRequest;
  readonly settings: TemplateSettings;
  readonly placementGroupId: number | null;
}

/** Finds ids by names, and remembers those that do not change. */
export class Orders {
  readonly #client: HetznerClient;
  readonly #locations: readonly string[];
  readonly #ids = new Map<string, number>();

  /** @param locations where servers may be; the first where a launch does not say which */
  constructor(client: HetznerClient, locations: readonly string[]) {
    this.#client = client;
    this.#locations = locations;
  }

  /** Something has not been as remembered. */
  forget(): void {
    this.#ids.clear();
  }

  /** @throws PortError `Invalid` when the launch template names what there is not */
  async order({ fleet, request, settings, placementGroupId }: Order, signal: AbortSignal): Promise<ServerOrder> {
    const context: CallContext = { kind: 'change', signal };
    const location = request.placement.zone ?? this.#locations[0];
    const serverType = typeOf(request, settings);
    const networks = await this.#idsOf('networks', settings.networks, context);
    const firewalls = await this.#idsOf('firewalls', settings.firewalls, context);
    const [networkId = null] = settings.address === 'private' ? networks : [];
    const { userData } = settings;
    return {
      name: serverName(fleet, request),
      server_type: serverType,
      image: await this.#image(settings.image, serverType, context),
      labels: { ...settings.labels, ...serverLabels(fleet, { ...request, networkId }) },
      ssh_keys: [...settings.sshKeys],
      networks,
      firewalls: firewalls.map((firewall) => ({ firewall })),
      public_net: { enable_ipv4: settings.publicIpv4, enable_ipv6: settings.publicIpv6 },
      start_after_create: true,
      ...(location === undefined ? {} : { location }),
      ...(placementGroupId === null ? {} : { placement_group: placementGroupId }),
      ...(userData === null
        ? {}
        : { user_data: await renderUserData(userData, { fleet, request, maxBytes: MAX_USER_DATA_BYTES }) }),
    };
  }

  /** The id of a placement group of the project. @throws PortError `Invalid` when there is none of this name */
  async placementGroup(name: string, signal: AbortSignal): Promise<number> {
    return this.#idOf('placement_groups', name, { kind: 'change', signal });
  }

  async #idsOf(kind: 'networks' | 'firewalls', references: readonly string[], context: CallContext): Promise<number[]> {
    const ids: number[] = [];
    for (const reference of references) ids.push(await this.#idOf(kind, reference, context));
    return ids;
  }

  async #idOf(kind: Kind, reference: string, context: CallContext): Promise<number> {
    if (isId(reference)) return Number(reference);
    const key = `${kind} ${reference}`;
    const known = this.#ids.get(key);
    if (known !== undefined) return known;
    const [found] = await this.#named(kind, reference, context);
    if (found === undefined) {
      throw new PortError(
        'Invalid',
        'unknownName',
        `the project has no ${WORDS[kind]} ${quotedStart(reference)}; name one that it has, or make it`,
      );
    }
    this.#ids.set(key, found.id);
    return found.id;
  }

  async #named(kind: Kind, name: string, context: CallContext): Promise<readonly { readonly id: number }[]> {
    const params = { query: { name } };
    switch (kind) {
      case 'networks':
        return (await this.#client.call(context, (api, how) => api.GET('/networks', { ...how, params }))).networks;
      case 'firewalls':
        return (await this.#client.call(context, (api, how) => api.GET('/firewalls', { ...how, params }))).firewalls;
      case 'placement_groups':
        return (await this.#client.call(context, (api, how) => api.GET('/placement_groups', { ...how, params })))
          .placement_groups;
    }
  }

  /** The API takes names of system images and ids of all; a snapshot has no name. */
  async #image({ reference, selector }: ImageSettings, serverType: string, context: CallContext): Promise<string> {
    if (reference !== null) return reference;
    const architecture = await this.#architecture(serverType, context);
    const query = {
      label_selector: selector,
      type: ['snapshot' as const],
      status: ['available' as const],
      sort: ['created:desc' as const],
      per_page: 1,
      ...(architecture === null ? {} : { architecture }),
    };
    const { images } = await this.#client.call(context, (api, how) =>
      api.GET('/images', { ...how, params: { query } }),
    );
    const [newest] = images;
    if (newest !== undefined) return String(newest.id);
    const kind = architecture === null ? '' : ` for ${architecture}`;
    throw new PortError('Invalid', 'noImage', `no snapshot${kind} has the labels ${quotedStart(selector)}; make one`);
  }

  /** Null where there is no such type: the API says so itself. */
  async #architecture(serverType: string, context: CallContext): Promise<'x86' | 'arm' | null> {
    return (await this.#type(serverType, context))?.architecture ?? null;
  }

  async #type(name: string, context: CallContext): Promise<ServerType | null> {
    const { server_types } = await this.#client.call(context, (api, how) =>
      api.GET('/server_types', { ...how, params: { query: { name } } }),
    );
    return server_types[0] ?? null;
  }

  /** Whether the order was refused because its type is not sold in its location, where the API speaks of invalid input only. */
  async isOffered(request: LaunchRequest, settings: TemplateSettings, signal: AbortSignal): Promise<boolean> {
    const type = await this.#type(typeOf(request, settings), { kind: 'change', signal });
    const { zone } = request.placement;
    return type === null || zone === null || type.locations.some(({ name }) => name === zone);
  }
}

type Kind = 'networks' | 'firewalls' | 'placement_groups';
const WORDS: Readonly<Record<Kind, string>> = {
  networks: 'network',
  firewalls: 'firewall',
  placement_groups: 'placement group',
};

function isId(reference: string): boolean {
  return /^\d+$/.test(reference);
}

/** @throws PortError `Invalid` where nothing says the type */
function typeOf({ placement }: LaunchRequest, { serverType }: TemplateSettings): string {
  const type = placement.instanceType ?? serverType;
  if (type !== null) return type;
  throw new PortError(
    'Invalid',
    'noServerType',
    'the launch template names no server type; give it serverType: cx23, or instanceTypes in order of preference',
  );
}
