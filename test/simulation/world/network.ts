import type { Endpoint, MachineAddresses, PortMapping } from '../../../src/model/instance.ts';
import type { Random } from './random.ts';

/** How the machines that are launched from now on are reached. */
export interface NetworkConditions {
  /** The provider names an address where nobody listens, or none at all. */
  wrongAddress: number;
  noAddress: number;
  /** It names the address only of machines that run. */
  lateAddress: number;
  /** It maps the ports of its machines to those of one host, and says so of each when its server listens. */
  mapsPorts: boolean;
  /** Whether the address of a machine that is gone is given to the next one. */
  reusesAddresses: boolean;
}

/** Where a machine is reached, and what is told of it. */
export interface Place {
  /** Where its server really listens for requests on its first port. */
  readonly endpoint: Endpoint;
  /** The ports at that address where it really listens. */
  readonly listens: ReadonlySet<number>;
  /** What its provider says of that, once it does. */
  readonly told: MachineAddresses;
  /** Where its provider says that it is, nobody listens. */
  readonly misaddressed: boolean;
  /** From when on its provider names its addresses, and its ports. */
  readonly tells: { readonly addresses: Tells; readonly ports: Tells };
}

/** From when on a provider says where a machine is reached. */
type Tells = 'atOnce' | 'running' | 'listening' | 'never';

/** The ports that each server listens on: for the requests of two target groups, and for health checks. */
export const SERVER_PORTS = { first: 8080, second: 8081, health: 9090 } as const;
const ALL_PORTS = Object.values(SERVER_PORTS);
/** Of the host whose ports are mapped to those of its machines. */
const HOST_ADDRESS = '10.1.0.1';
const FIRST_HOST_PORT = 20_000;

/** Of a network for examples (RFC 5737). */
const NOBODYS_ADDRESS = '192.0.2.1';

/** Who has which address and port. */
export class Network<Machine extends Place> {
  readonly #random: Random;
  /** Of how a machine is addressed: it shifts nothing else. */
  readonly #addressing: Random;
  readonly #conditions: NetworkConditions;
  readonly #byPlace = new Map<string, Map<number, Machine>>();
  #addresses = 0;

  constructor(random: Random, conditions: NetworkConditions) {
    this.#random = random;
    this.#addressing = random.fork('addresses');
    this.#conditions = conditions;
  }

  at(endpoint: Endpoint): Machine | undefined {
    return this.#byPlace.get(endpoint.address)?.get(endpoint.port);
  }

  join(machine: Machine): void {
    const { address } = machine.endpoint;
    const there = this.#byPlace.get(address) ?? new Map<number, Machine>();
    this.#byPlace.set(address, there);
    for (const port of machine.listens) there.set(port, machine);
  }

  leave(machine: Machine): void {
    const there = this.#byPlace.get(machine.endpoint.address);
    for (const port of machine.listens) if (there?.get(port) === machine) there.delete(port);
  }

  /** A place for a new machine. */
  draw(): Place {
    const { wrongAddress, noAddress, lateAddress, mapsPorts } = this.#conditions;
    const chance = wrongAddress + noAddress > 0 ? this.#random.next() : 1;
    const misaddressed = chance >= noAddress && chance < noAddress + wrongAddress;
    const isLate = this.#addressing.chance(lateAddress);
    const { address, ports } = this.#free(mapsPorts);
    const hostPortOf = (port: number): number => ports?.find((one) => one.port === port)?.hostPort ?? port;
    return {
      endpoint: { address, port: hostPortOf(SERVER_PORTS.first) },
      listens: new Set(ALL_PORTS.map(hostPortOf)),
      told: { addresses: [misaddressed ? NOBODYS_ADDRESS : address], ports },
      misaddressed,
      tells: {
        addresses: chance < noAddress ? 'never' : isLate ? 'running' : 'atOnce',
        ports: ports === null || misaddressed ? 'atOnce' : 'listening',
      },
    };
  }

  #free(mapsPorts: boolean): { readonly address: string; readonly ports: readonly PortMapping[] | null } {
    let index = this.#conditions.reusesAddresses ? 1 : ++this.#addresses;
    const isTaken = () => this.at(mapsPorts ? hostPlace(index, 0) : addressOf(index)) !== undefined;
    while (isTaken()) index++;
    if (!mapsPorts) return { address: addressOf(index).address, ports: null };
    return {
      address: HOST_ADDRESS,
      ports: ALL_PORTS.map((port, nth) => ({ port, hostPort: hostPlace(index, nth).port })),
    };
  }
}

/** Whether the provider says it by now. */
export function tells(hasAnswered: boolean, when: Tells, state: string): boolean {
  switch (when) {
    case 'atOnce':
      return true;
    case 'running':
      return state !== 'pending';
    case 'listening':
      return hasAnswered;
    case 'never':
      return false;
  }
}

/** Whether a machine is, or was, reached there. */
export function isPlaceOf({ endpoint, listens }: Place, { address, port }: Endpoint): boolean {
  return endpoint.address === address && listens.has(port);
}

/** Every `address:port` at which what is known of a machine may be asked. */
export function placesTold({ addresses, ports }: MachineAddresses): readonly string[] {
  const numbers = ports === null ? ALL_PORTS : ports.map(({ hostPort }) => hostPort);
  return addresses.flatMap((address) => numbers.map((port) => placeAt({ address, port })));
}

function addressOf(index: number): Endpoint {
  return { address: `10.0.${index >> 8}.${index & 255}`, port: SERVER_PORTS.first };
}

function hostPlace(index: number, nth: number): Endpoint {
  return { address: HOST_ADDRESS, port: FIRST_HOST_PORT + index * ALL_PORTS.length + nth };
}

export function placeAt(endpoint: Endpoint): string {
  return `${endpoint.address}:${endpoint.port}`;
}
