/** Who listens on this host's TCP ports. Two processes of one user may share a port without an error (SO_REUSEPORT). */

import { readdir, readFile, readlink, stat } from 'node:fs/promises';
import { createServer, isIPv6 } from 'node:net';
import { basename, dirname } from 'node:path';
import type { Endpoint } from '../model/instance.ts';
import { PortError } from '../ports/errors.ts';
import type { DesiredState } from '../ports/load-balancer.ts';
import { errorCode } from './files.ts';
import { authority, canonical } from './members.ts';
import { commandLineOf, configurationOf } from './processes.ts';

const LISTEN = '0A';
/** What an IPv6 address begins with that means an IPv4 one. */
const MAPPED_IPV4 = Buffer.from('00000000000000000000ffff', 'hex');
const TABLES = ['/proc/net/tcp', '/proc/net/tcp6'];

interface Listening extends Endpoint {
  readonly inode: string;
  readonly userId: number;
}

/**
 * Tries the addresses that our own processes do not listen on yet. Nothing else may listen there: half of the connections would go
 * astray. And a reload that cannot have one of them would interrupt the others, because the old worker steps aside while the new one
 * tries for seconds.
 * @param own the pids of our own processes
 * @throws PortError `listenerUnavailable` with who listens there, and what to do
 */
export async function checkListeners({ loadBalancer }: DesiredState, own: readonly number[]): Promise<void> {
  const { listeners, statsPage } = loadBalancer;
  const listening = await listeningSockets();
  const ours = await inodesOf(own);
  for (const one of [...listeners, ...(statsPage === null ? [] : [statsPage])]) {
    const wanted = { address: canonical(one.address), port: one.port };
    const there = listening.filter((one) => overlaps(one, wanted));
    if (there.some((one) => ours.has(one.inode) && one.address === wanted.address)) continue;
    const others = there.filter((one) => !ours.has(one.inode));
    // Where our own socket would be in the way of the trial, the table alone tells.
    const inTheWay = there.length > others.length;
    const trial = inTheWay && others.length > 0 ? 'EADDRINUSE' : inTheWay ? null : await listenOnce(wanted);
    // HAProxy may have rights that we do not have.
    if (trial === null || trial === 'EACCES') continue;
    throw unavailable(wanted, trial === 'EADDRNOTAVAIL' ? NO_SUCH_ADDRESS : await whoIs(others));
  }
}

const NO_SUCH_ADDRESS = 'no interface of this host has that address. Correct it, or use 0.0.0.0 for all of them';

function unavailable(wanted: Endpoint, why: string): PortError {
  return new PortError('Invalid', 'listenerUnavailable', `HAProxy cannot listen on ${authority(wanted)}: ${why}`);
}

async function whoIs(others: readonly Listening[]): Promise<string> {
  const [other] = others;
  if (other === undefined) return 'something else listens there. End it, or choose another port';
  const pid = await holderOf(other.inode);
  const where = other.address;
  if (pid === null) {
    return `a process of the user with id ${other.userId} listens there (on ${where}). End it, or choose another port`;
  }
  const configuration = await configurationOf(pid);
  const fleet = configuration === null ? null : await fleetFolderOf(configuration);
  if (fleet !== null) {
    return `the HAProxy (pid ${pid}) of another fleet listens there, whose data folder is ${fleet}. Choose another port, or end that fleet with: drover down --data ${fleet}`;
  }
  const [program = ''] = await commandLineOf(pid);
  return `${basename(program)} (pid ${pid}) listens there (on ${where}). End it, or choose another port`;
}

/** The data folder of the Drover that has written a configuration; null when it is none. */
async function fleetFolderOf(configuration: string): Promise<string | null> {
  const folder = dirname(configuration);
  const isDrovers = await stat(`${folder}/last-good.json`).then(
    () => true,
    () => false,
  );
  if (!isDrovers) return null;
  return basename(dirname(folder)) === 'haproxy' ? dirname(dirname(folder)) : folder;
}

function overlaps(one: Listening, wanted: Endpoint): boolean {
  if (one.port !== wanted.port) return false;
  if (one.address === wanted.address) return true;
  if (one.address === '::' || wanted.address === '::') return true;
  const sameFamily = isIPv6(one.address) === isIPv6(wanted.address);
  return sameFamily && (one.address === '0.0.0.0' || wanted.address === '0.0.0.0');
}

async function listeningSockets(): Promise<readonly Listening[]> {
  const tables = await Promise.all(TABLES.map((path) => readFile(path, 'utf8').catch(() => '')));
  return tables.flatMap((table) => table.split('\n').slice(1)).flatMap(parseSocket);
}

/** A row of `/proc/net/tcp`: number, local address, remote address, state, queues, timer, retransmits, user, timeout, inode. */
function parseSocket(row: string): readonly Listening[] {
  const fields = row.trim().split(/\s+/);
  const [, local = '', , state, , , , userId, , inode] = fields;
  if (state !== LISTEN || inode === undefined) return [];
  const [hex = '', port = ''] = local.split(':');
  return [{ address: addressOf(hex), port: Number.parseInt(port, 16), inode, userId: Number(userId) }];
}

/** The kernel writes each 32 bits of an address as a number of the host's byte order. */
function addressOf(hex: string): string {
  const bytes = Buffer.from(hex, 'hex');
  for (let at = 0; at + 4 <= bytes.length; at += 4) bytes.subarray(at, at + 4).reverse();
  if (bytes.length === 4) return bytes.join('.');
  if (bytes.subarray(0, 12).equals(MAPPED_IPV4)) return bytes.subarray(12).join('.');
  const groups = Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(index * 2).toString(16));
  const url = new URL(`http://[${groups.join(':')}]`);
  return url.hostname.slice(1, -1);
}

/** The inodes of the sockets that these processes hold. */
async function inodesOf(pids: readonly number[]): Promise<ReadonlySet<string>> {
  return new Set((await Promise.all(pids.map(socketsOf))).flat());
}

/** Null when it is not to be seen: another user's. */
async function holderOf(inode: string): Promise<number | null> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  for (const pid of pids) if ((await socketsOf(pid)).includes(inode)) return pid;
  return null;
}

async function socketsOf(pid: number): Promise<readonly string[]> {
  try {
    const descriptors = await readdir(`/proc/${pid}/fd`);
    const links = await Promise.all(descriptors.map((fd) => readlink(`/proc/${pid}/fd/${fd}`).catch(() => '')));
    return links.flatMap((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? []);
  } catch {
    // It has ended since, or belongs to somebody else.
    return [];
  }
}

/** The system's code for why not; null when it works. */
function listenOnce({ address, port }: Endpoint): Promise<string | null> {
  return new Promise((done) => {
    const server = createServer((socket) => socket.destroy());
    server.on('error', (error) => done(errorCode(error) ?? error.message));
    server.listen({ host: address, port, exclusive: true }, () => server.close(() => done(null)));
  });
}
