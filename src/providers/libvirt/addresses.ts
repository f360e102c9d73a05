/** Which addresses machines have, from what virsh prints about them. */

interface Lease {
  readonly mac: string;
  readonly address: string;
  /** As it is printed, which sorts by time; empty where that is not known. */
  readonly expiresAt: string;
}

const MAC = /\b[0-9a-f]{2}(?::[0-9a-f]{2}){5}\b/i;
const ADDRESS = /\bipv[46]\s+([0-9a-f.:]+)\/\d+/i;
const EXPIRY = /^\s*(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)/;
/** Of the link or the machine alone: nobody else reaches these. */
const LOCAL = /^(?:fe80:|127\.|::1$)/i;

/** The lines of `virsh net-dhcp-leases` and `virsh domifaddr`: both name a hardware address, and an address after its family. */
function parseLeases(text: string): readonly Lease[] {
  let mac = '';
  return text.split('\n').flatMap((line) => {
    // A second address of an interface has `-` in the first columns.
    mac = MAC.exec(line)?.[0].toLowerCase() ?? mac;
    const address = ADDRESS.exec(line)?.[1];
    if (address === undefined || mac === '' || LOCAL.test(address)) return [];
    return [{ mac, address, expiresAt: EXPIRY.exec(line)?.[1] ?? '' }];
  });
}

/**
 * The addresses of each hardware address, IPv4 first. Of several leases of one the newest counts: a boot loader and the system that it loads
 * may have got one each.
 */
export function addressesByMac(text: string): ReadonlyMap<string, readonly string[]> {
  const leases = Map.groupBy(parseLeases(text), ({ mac }) => mac);
  return new Map(
    [...leases].map(([mac, own]) => [
      mac,
      [...newest(own.filter(isIPv4)), ...newest(own.filter((lease) => !isIPv4(lease)))],
    ]),
  );
}

/** How many addresses are given out. */
export function countLeases(text: string): number {
  return new Set(parseLeases(text).map(({ address }) => address)).size;
}

function isIPv4({ address }: Lease): boolean {
  return !address.includes(':');
}

function newest(leases: readonly Lease[]): readonly string[] {
  const last = leases
    .map(({ expiresAt }) => expiresAt)
    .toSorted()
    .at(-1);
  return [...new Set(leases.filter(({ expiresAt }) => expiresAt === last).map(({ address }) => address))];
}
