import { networkInterfaces } from 'node:os';
import { FileError, readBounded } from '../../base/files.ts';

/** A smaller network has no room for a host and servers. */
export const MAX_SUFFIX = 29;
/** By custom the first addresses of a network belong to hosts and routers. */
const FIRST_SERVER = 10;
/** How long an address rests that a server has given up: others may still send to it. */
const REST_MS = 60_000;
const NEIGHBOURS = '/proc/net/arp';
const MAX_NEIGHBOURS_BYTES = 1024 * 1024;

/** The addresses of an IPv4 network that servers may have. */
export interface Network {
  /** With its own address first: `192.168.56.0/24`. */
  readonly network: string;
  readonly suffix: number;
  readonly netmask: string;
  readonly first: string;
  readonly last: string;
  /** Whether it is an address for a server: neither the network's, nor its host's, nor that of all. */
  has(address: string): boolean;
  /** The place of an address in the network. */
  index(address: string): number;
}

/** @param network valid, such as `192.168.56.0/24` */
export function networkOf(network: string): Network {
  const [address = '', length = ''] = network.split('/');
  const suffix = Number(length);
  const size = 2 ** (32 - suffix);
  const base = Math.floor(asNumber(address) / size) * size;
  const index = (one: string) => asNumber(one) - base;
  return {
    network: `${asAddress(base)}/${suffix}`,
    suffix,
    netmask: asAddress(2 ** 32 - size),
    first: asAddress(base + (size > 4 * FIRST_SERVER ? FIRST_SERVER : 2)),
    last: asAddress(base + size - 2),
    index,
    has: (one) => index(one) > 1 && index(one) < size - 1,
  };
}

export interface AddressRange {
  readonly from: string;
  readonly to: string;
}

/** Gives each server an address that nobody has, and none that was given up just now. */
export class Addresses {
  #next = 0;
  /** When each may be used again, in the clock's own milliseconds. */
  readonly #resting = new Map<string, number>();

  /**
   * The next one of the range that is neither taken nor resting; null when there is none.
   * @param nowMs of a clock that nobody sets
   */
  next({ from, to }: AddressRange, taken: ReadonlySet<string>, nowMs: number): string | null {
    const [first, last] = [asNumber(from), asNumber(to)];
    const size = last - first + 1;
    for (const [address, untilMs] of this.#resting) if (untilMs <= nowMs) this.#resting.delete(address);
    for (let step = 0; step < size; step += 1) {
      const offset = (this.#next + step) % size;
      const address = asAddress(first + offset);
      if (taken.has(address) || this.#resting.has(address)) continue;
      this.#next = offset + 1;
      return address;
    }
    return null;
  }

  rest(address: string, nowMs: number): void {
    this.#resting.set(address, nowMs + REST_MS);
  }
}

/** The host's own addresses, and those that have answered it lately. */
export async function addressesInUse(): Promise<readonly string[]> {
  return [...hostAddresses().map(({ address }) => address), ...(await neighbours())];
}

export interface HostAddress {
  readonly name: string;
  readonly address: string;
  /** `192.168.56.0/24` */
  readonly network: string;
}

/** The host's own IPv4 addresses. */
export function hostAddresses(): readonly HostAddress[] {
  return Object.entries(networkInterfaces()).flatMap(([name, all = []]) =>
    all.flatMap(({ family, address, cidr }) =>
      family === 'IPv4' && cidr !== null ? [{ name, address, network: networkOf(cidr).network }] : [],
    ),
  );
}

/** Whether two networks share addresses. */
export function overlap(one: string, other: string): boolean {
  const [a, b] = [networkOf(one), networkOf(other)];
  const wide = a.suffix <= b.suffix ? a : b;
  const narrow = wide === a ? b : a;
  return networkOf(`${narrow.network.split('/')[0]}/${wide.suffix}`).network === wide.network;
}

/** Of the kernel's table of neighbours those that have answered (flag 2, "complete"). */
async function neighbours(): Promise<readonly string[]> {
  try {
    const { bytes } = await readBounded(NEIGHBOURS, { maxBytes: MAX_NEIGHBOURS_BYTES });
    const rows = bytes.toString().split('\n').slice(1);
    return rows.flatMap((row) => {
      const [address = '', , flags = ''] = row.split(/\s+/);
      return Number(flags) & 2 ? [address] : [];
    });
  } catch (error) {
    if (error instanceof FileError) return [];
    throw error;
  }
}

function asNumber(address: string): number {
  return address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
}

function asAddress(number: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(number / 2 ** shift) % 256).join('.');
}
