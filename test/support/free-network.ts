import { randomInt } from 'node:crypto';
import { networkInterfaces } from 'node:os';

/** The first three numbers of a network `172.SECOND.x.0/24` that no interface of this host has. */
export function freeNetwork(second: number): string {
  const taken = Object.values(networkInterfaces()).flatMap((all) => (all ?? []).map(({ address }) => address));
  for (;;) {
    const network = `172.${second}.${randomInt(1, 255)}`;
    if (!taken.some((address) => address.startsWith(`${network}.`))) return network;
  }
}
