import type { components } from '../../../src/providers/hetzner/generated/api.ts';
import {
  datacenterOf,
  IMAGES,
  type Image,
  LOCATIONS,
  type Location,
  SERVER_TYPES,
  type ServerType,
} from './catalog.ts';
import { type Firewall, firewallOf, type Network, networkOf, type SshKey, sshKeyOf } from './furniture.ts';
import { found, invalid, now, Refusal } from './refusal.ts';

type Schemas = components['schemas'];
export type Server = Schemas['server'];
export type Action = Schemas['action'];
export type Order = Schemas['create_server_request'];
export type PlacementGroup = Schemas['get_placementgroup_response']['placement_group'];

/** What runs as a server. Both are called once for each start and end. */
export interface Machines {
  start(server: Server, userData: string | null): void;
  stop(server: Server): void;
}

/** What can go wrong, or takes its time. */
export interface Conditions {
  /** How long each action takes. */
  actionMs: number;
  /** `location` or `location/type` that have no room. */
  readonly full: Set<string>;
  maxServers: number;
  /** Whether actions that start a server fail. */
  startFails: boolean;
  /** How far behind the truth lists of servers are. */
  listLagMs: number;
}

const MAX_USER_DATA_BYTES = 32_768;
const MAX_PER_PLACEMENT_GROUP = 10;
const HOST_NAME =
  /^(?=.{1,253}$)[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*$/;
/** Projects of tests run at the same time, each with loopback addresses of its own. */
let projects = process.pid % 200;

/** One project of the fake: what it holds, and what happens to that by itself. */
export class Project {
  readonly conditions: Conditions = {
    actionMs: 30,
    full: new Set(),
    maxServers: 1_000,
    startFails: false,
    listLagMs: 0,
  };
  readonly images: Image[] = [...IMAGES];
  readonly networks: Network[] = [];
  readonly firewalls: Firewall[] = [];
  readonly sshKeys: SshKey[] = [];
  readonly placementGroups: PlacementGroup[] = [];
  readonly actions: Action[] = [];
  readonly #servers = new Map<number, Server>();
  /** What lists were like, oldest first. */
  readonly #past: { readonly at: number; readonly servers: readonly Server[] }[] = [];
  readonly #machines: Machines;
  readonly #network: number;
  readonly #timers = new Set<NodeJS.Timeout>();
  /** What begins when an action has ended. */
  readonly #next = new Map<Action, (() => void)[]>();
  readonly #userData = new Map<number, string | null>();
  #lastId = 1_000;
  #lastHost = 1;

  constructor(machines: Machines = { start: () => undefined, stop: () => undefined }) {
    this.#machines = machines;
    projects = (projects + 1) % 250;
    this.#network = projects + 1;
  }

  get servers(): readonly Server[] {
    return [...this.#servers.values()];
  }

  /** As a list shows them, which may be behind. */
  listedServers(): readonly Server[] {
    const { listLagMs } = this.conditions;
    if (listLagMs === 0) return this.servers;
    return this.#past.findLast(({ at }) => at <= Date.now() - listLagMs)?.servers ?? [];
  }

  server(id: number): Server {
    const server = this.#servers.get(id);
    if (server === undefined) throw new Refusal(404, 'not_found', `server with ID '${id}' not found`);
    return server;
  }

  create(order: Order): Schemas['create_server_response'] {
    const type = this.#type(order);
    const place = this.#place(order, type);
    const image = this.#image(order, type);
    const group = this.#placementGroup(order);
    if (!HOST_NAME.test(order.name)) throw invalid(`invalid input in field 'name'`);
    if (Buffer.byteLength(order.user_data ?? '') > MAX_USER_DATA_BYTES)
      throw invalid(`invalid input in field 'user_data'`);
    if (this.servers.some(({ name }) => name === order.name)) {
      throw new Refusal(409, 'uniqueness_error', 'server name is already used');
    }
    const { enable_ipv4 = true, enable_ipv6 = true } = order.public_net ?? {};
    const networks = (order.networks ?? []).map((id) => found(this.networks, id, 'network'));
    if (!enable_ipv4 && !enable_ipv6 && networks.length === 0)
      throw invalid('a server needs a public or a private network');
    const firewalls = (order.firewalls ?? []).map(({ firewall }) => found(this.firewalls, firewall, 'firewall'));
    for (const key of order.ssh_keys ?? []) this.#sshKey(key);
    if (this.servers.length >= this.conditions.maxServers) {
      throw new Refusal(403, 'resource_limit_exceeded', 'server limit exceeded');
    }
    const { full } = this.conditions;
    if (full.has(place.name) || full.has(`${place.name}/${type.name}`)) {
      throw new Refusal(412, 'resource_unavailable', 'error during placement');
    }

    const host = ++this.#lastHost;
    const id = ++this.#lastId;
    const server: Server = {
      id,
      name: order.name,
      status: 'initializing',
      created: new Date().toISOString(),
      labels: { ...order.labels },
      locked: true,
      location: place,
      datacenter: datacenterOf(place),
      server_type: type,
      image,
      iso: null,
      rescue_enabled: false,
      protection: { delete: false, rebuild: false },
      backup_window: null,
      included_traffic: 0,
      ingoing_traffic: 0,
      outgoing_traffic: 0,
      primary_disk_size: type.disk,
      placement_group: group,
      private_net: [],
      volumes: [],
      load_balancers: [],
      public_net: {
        ipv4: enable_ipv4
          ? { id: id + 500_000, ip: `127.${this.#network}.1.${host}`, blocked: false, dns_ptr: `${order.name}.example` }
          : null,
        ipv6: enable_ipv6
          ? { id: id + 600_000, ip: `2001:db8:0:${host.toString(16)}::/64`, blocked: false, dns_ptr: [] }
          : null,
        floating_ips: [],
        firewalls: firewalls.map((firewall) => ({ id: firewall.id, status: 'applied' })),
      },
    };
    this.#servers.set(id, server);
    this.#userData.set(id, order.user_data ?? null);
    group?.servers.push(id);
    this.#remember();
    const action = this.#act('create_server', id, () => this.#change(id, { status: 'off', locked: false }));
    const attached = networks.map((network, index) =>
      this.#act(
        'attach_to_network',
        id,
        () => {
          const ip = `127.${this.#network}.${2 + index}.${host}`;
          const mac_address = `86:00:ff:00:00:${host.toString(16).padStart(2, '0')}`;
          const here = this.#servers.get(id);
          if (here !== undefined) {
            this.#change(id, {
              private_net: [...here.private_net, { network: network.id, ip, alias_ips: [], mac_address }],
            });
          }
        },
        action,
      ),
    );
    const started = order.start_after_create === false ? [] : [this.#startAfter(id, action)];
    const root_password = (order.ssh_keys ?? []).length === 0 ? 'YItygq1v3GYjjMomLaKc' : null;
    return { server, action, next_actions: [...started, ...attached], root_password };
  }

  delete(id: number): Action {
    const server = this.server(id);
    if (server.protection.delete) throw new Refusal(403, 'protected', 'server deletion is protected');
    if (server.locked) throw new Refusal(423, 'locked', 'server is locked');
    this.#stop(server);
    this.#change(id, { status: 'deleting', locked: true });
    return this.#act('delete_server', id, () => this.remove(id));
  }

  /** Lets a server be gone, at once. */
  remove(id: number): void {
    this.#servers.delete(id);
    for (const group of this.placementGroups) group.servers = group.servers.filter((one) => one !== id);
    this.#remember();
  }

  userDataOf(id: number): string | null {
    return this.#userData.get(id) ?? null;
  }

  /** Turns it off, as a person or a crash does. */
  powerOff(id: number): Action {
    this.#stop(this.server(id));
    return this.#act('stop_server', id, () => this.#change(id, { status: 'off' }));
  }

  /** Changes what is said of a server, behind everybody's back. */
  change(id: number, changes: Partial<Server>): void {
    this.server(id);
    this.#change(id, changes);
  }

  createPlacementGroup(name: string, labels: Readonly<Record<string, string>>): PlacementGroup {
    if (this.placementGroups.some((group) => group.name === name)) {
      throw new Refusal(409, 'uniqueness_error', 'name is already used');
    }
    const made = {
      id: this.#newId(),
      name,
      labels: { ...labels },
      type: 'spread' as const,
      created: now(),
      servers: [],
    };
    this.placementGroups.push(made);
    return made;
  }

  deletePlacementGroup(id: number): void {
    const group = found(this.placementGroups, id, 'placement group', 'not_found');
    if (group.servers.length > 0) throw new Refusal(409, 'conflict', 'placement group is still in use');
    this.placementGroups.splice(this.placementGroups.indexOf(group), 1);
  }

  addNetwork(name: string): Network {
    return added(this.networks, networkOf(this.#newId(), name));
  }

  addFirewall(name: string): Firewall {
    return added(this.firewalls, firewallOf(this.#newId(), name));
  }

  addSshKey(name: string): SshKey {
    return added(this.sshKeys, sshKeyOf(this.#newId(), name));
  }

  /** Stops all that runs. */
  close(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    for (const server of this.servers) this.#stop(server);
  }

  #newId(): number {
    this.#lastId += 1;
    return this.#lastId;
  }

  #startAfter(id: number, before: Action): Action {
    const action = this.#act(
      'start_server',
      id,
      () => {
        if (this.conditions.startFails) {
          action.status = 'error';
          action.error = { code: 'action_failed', message: 'the host could not start the server' };
          return;
        }
        this.#change(id, { status: 'running', locked: false });
        const server = this.#servers.get(id);
        if (server?.status === 'running') this.#machines.start(server, this.userDataOf(id));
      },
      before,
    );
    return action;
  }

  /** An action that has its effect when its time is over, after that of another one. */
  #act(command: string, server: number, effect: () => void, after: Action | null = null): Action {
    const action: Action = {
      id: this.#newId(),
      command,
      status: 'running',
      progress: 0,
      started: now(),
      finished: null,
      error: null,
      resources: [{ id: server, type: 'server' }],
    };
    this.actions.push(action);
    const finish = () => {
      action.status = 'success';
      effect();
      action.progress = 100;
      action.finished = now();
      for (const begin of this.#next.get(action) ?? []) begin();
    };
    const begin = () => this.#later(this.conditions.actionMs, finish);
    if (after === null) begin();
    else this.#next.set(after, [...(this.#next.get(after) ?? []), begin]);
    return action;
  }

  #later(delayMs: number, run: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      run();
    }, delayMs);
    this.#timers.add(timer);
  }

  #change(id: number, changes: Partial<Server>): void {
    const server = this.#servers.get(id);
    if (server === undefined || (server.status === 'deleting' && changes.status !== undefined)) return;
    this.#servers.set(id, { ...server, ...changes });
    this.#remember();
  }

  #remember(): void {
    if (this.conditions.listLagMs > 0) this.#past.push({ at: Date.now(), servers: this.servers });
  }

  #stop(server: Server): void {
    if (server.status === 'running') this.#machines.stop(server);
  }

  #type({ server_type }: Order): ServerType {
    const type = SERVER_TYPES.find(({ id, name }) => server_type === name || server_type === String(id));
    if (type === undefined) throw invalid('server_type not found');
    return type;
  }

  #place({ location }: Order, type: ServerType): Location {
    const place = LOCATIONS.find(
      ({ id, name }) => location === undefined || location === name || location === String(id),
    );
    if (place === undefined) throw invalid('location not found');
    const offer = type.locations.find(({ id }) => id === place.id);
    if (offer === undefined) throw invalid('unsupported location for server type');
    return place;
  }

  #image({ image }: Order, { architecture }: ServerType): Image {
    const byId = this.images.find(({ id }) => String(id) === image);
    if (byId !== undefined && byId.architecture !== architecture)
      throw invalid('image and server type have different architectures');
    const found = byId ?? this.images.find((one) => one.name === image && one.architecture === architecture);
    if (found === undefined) throw new Refusal(404, 'not_found', 'image not found');
    return found;
  }

  #placementGroup({ placement_group }: Order): PlacementGroup | null {
    if (placement_group === undefined) return null;
    const group = found(this.placementGroups, placement_group, 'placement group');
    if (group.servers.length >= MAX_PER_PLACEMENT_GROUP) {
      throw new Refusal(422, 'placement_error', 'the placement group is full');
    }
    return group;
  }

  #sshKey(reference: string): void {
    if (this.sshKeys.some(({ id, name }) => name === reference || String(id) === reference)) return;
    throw invalid('SSH key not found');
  }
}

function added<T>(all: T[], one: T): T {
  all.push(one);
  return one;
}
