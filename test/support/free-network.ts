import { randomInt } from 'node:crypto';
import { networkInterfaces } from 'node:os';

/** The first three numbers of an IPv4 network that no interface of this host has. */
export function freeNetwork(): string {
  const taken = Object.values(networkInterfaces()).flatMap((all) => (all ?? []).map(({ address }) => address));
  for (;;) {
    const network = `172.29.${randomInt(1, 255)}`;
    if (!taken.some((address) => address.startsWith(`${network}.`))) return network;
  }
}
