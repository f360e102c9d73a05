/** Whether HAProxy may have its ports. Two processes of one user may share a port without an error (SO_REUSEPORT). */

import { stat } from 'node:fs/promises';
import { createServer, isIPv6 } from 'node:net';
import { basename, dirname } from 'node:path';
import { commandLineOf, outgoingPorts, readStats } from '../base/procfs.ts';
import { type ListeningSocket, listeningSockets, socketsOf } from '../base/sockets.ts';
import { errorCode } from '../base/system-error.ts';
import type { LoadBalancer } from '../model/fleet.ts';
import type { Endpoint } from '../model/instance.ts';
import { PortError } from '../ports/errors.ts';
import type { DesiredState } from '../ports/load-balancer.ts';
import { othersOf } from './handover.ts';
import { authority, canonical } from './members.ts';
import { configurationOf, processesOf } from './processes.ts';

type Listening = Pick<DesiredState, 'others'> & {
  readonly loadBalancer: Pick<LoadBalancer, 'listeners' | 'statsPage'>;
};

/**
 * Tries the addresses that our own processes do not listen on yet. Nothing else may listen there: half of the connections would go
 * astray. And a reload that cannot have one of them would interrupt the others, because the old worker steps aside while the new one
 * tries for seconds.
 * @param config the path of our own configuration
 * @throws PortError `listenerUnavailable` with who listens there, and what to do; `listenerAwaited` where it is another load balancer of the
 * fleet, which is not `yielding`
 */
export async function checkListeners(desired: Listening, config: string): Promise<void> {
  const { listeners, statsPage } = desired.loadBalancer;
  const listening = listeningSockets();
  const ours = inodesOf(await processesOf(config));
  for (const one of [...listeners, ...(statsPage === null ? [] : [statsPage])]) {
    const wanted = { address: canonical(one.address), port: one.port };
    const there = listening.filter((one) => overlaps(one, wanted));
    if (there.some((one) => ours.has(one.inode) && one.address === wanted.address)) continue;
    const others = await notYielding(
      there.filter((one) => !ours.has(one.inode)),
      othersOf(desired).yielding,
      config,
    );
    // Where our own socket would be in the way of the trial, only the table says.
    const inTheWay = there.length > others.length;
    const trial = inTheWay && others.length > 0 ? 'EADDRINUSE' : inTheWay ? null : await listenOnce(wanted);
    // HAProxy may have rights that we do not have.
    if (trial === null || trial === 'EACCES' || trial === 'EPERM') continue;
    if (trial === 'EADDRNOTAVAIL') throw unavailable(wanted, NO_SUCH_ADDRESS);
    const neighbour = await neighbourOf(others, config);
    if (neighbour !== null) throw awaited(wanted, neighbour);
    throw unavailable(wanted, await whoIs(others, wanted.port));
  }
}

/** Those that are not of load balancers of the fleet that give up their port. */
async function notYielding(
  sockets: readonly ListeningSocket[],
  yielding: readonly string[],
  config: string,
): Promise<readonly ListeningSocket[]> {
  const names = await Promise.all(sockets.map((one) => neighbourOf([one], config)));
  return sockets.filter((_, index) => !yielding.includes(names[index] ?? ''));
}

/** The name of the load balancer of our own fleet that listens there; null when it is somebody else. */
async function neighbourOf([one]: readonly ListeningSocket[], own: string): Promise<string | null> {
  const pid = one === undefined ? null : holderOf(one.inode);
  const configuration = pid === null ? null : await configurationOf(pid);
  if (configuration === null || (await fleetFolderOf(configuration)) !== dataFolderOf(own)) return null;
  return basename(dirname(configuration));
}

function awaited(wanted: Endpoint, neighbour: string): PortError {
  const message = `HAProxy cannot listen on ${authority(wanted)} yet: load balancer ${neighbour} of this fleet listens there until its own next configuration is in force`;
  return new PortError('Invalid', 'listenerAwaited', message);
}

const NO_SUCH_ADDRESS = 'no interface of this host has that address. Correct it, or use 0.0.0.0 for all of them';

function unavailable(wanted: Endpoint, why: string): PortError {
  return new PortError('Invalid', 'listenerUnavailable', `HAProxy cannot listen on ${authority(wanted)}: ${why}`);
}

async function whoIs(others: readonly ListeningSocket[], port: number): Promise<string> {
  const [other] = others;
  if (other === undefined) return heldByNobody(port);
  const pid = holderOf(other.inode);
  const where = other.address;
  if (pid === null) {
    return `a process of the user with id ${other.userId} listens there (on ${where}). End it, or choose another port`;
  }
  const configuration = await configurationOf(pid);
  const fleet = configuration === null ? null : await fleetFolderOf(configuration);
  if (fleet !== null) {
    return `the HAProxy (pid ${pid}) of another fleet listens there, whose data folder is ${fleet}. Choose another port, or end that fleet: drover --data ${fleet} down`;
  }
  const [program = ''] = commandLineOf(pid);
  return `${basename(program)} (pid ${pid}) listens there (on ${where}). End it, or choose another port`;
}

/** The trial has failed, and nobody listens there. */
function heldByNobody(port: number): string {
  const range = outgoingPorts();
  if (range === null || port < range.from || port > range.to)
    return 'something else has that port. End it, or choose another port';
  return `a connection of this host has that port: the kernel gives ports ${range.from} to ${range.to} to outgoing connections. Choose a port outside of that range, or keep this one out of it: sysctl net.ipv4.ip_local_reserved_ports=${port}`;
}

/** The data folder of the Drover that has written a configuration; null when it is none. */
async function fleetFolderOf(configuration: string): Promise<string | null> {
  const folder = dirname(configuration);
  const isDrovers = await stat(`${folder}/last-good.json`).then(
    () => true,
    () => false,
  );
  return isDrovers ? dataFolderOf(configuration) : null;
}

function dataFolderOf(configuration: string): string {
  const folder = dirname(configuration);
  return basename(dirname(folder)) === 'haproxy' ? dirname(dirname(folder)) : folder;
}

function overlaps(one: ListeningSocket, wanted: Endpoint): boolean {
  if (one.port !== wanted.port) return false;
  if (one.address === wanted.address) return true;
  if (one.address === '::' || wanted.address === '::') return true;
  const sameFamily = isIPv6(one.address) === isIPv6(wanted.address);
  return sameFamily && (one.address === '0.0.0.0' || wanted.address === '0.0.0.0');
}

/** The inodes of the sockets that these processes hold. */
function inodesOf(pids: readonly number[]): ReadonlySet<string> {
  return new Set(pids.flatMap((pid) => [...(socketsOf(pid) ?? [])]));
}

/** Null when it is not to be seen: another user's. */
function holderOf(inode: string): number | null {
  return readStats().find(({ pid }) => socketsOf(pid)?.has(inode))?.pid ?? null;
}

/** The system's code for why not; null when it works. */
function listenOnce({ address, port }: Endpoint): Promise<string | null> {
  return new Promise((done) => {
    const server = createServer((socket) => socket.destroy());
    server.on('error', (error) => done(errorCode(error) || error.message));
    server.listen({ host: address, port, exclusive: true }, () => server.close(() => done(null)));
  });
}
