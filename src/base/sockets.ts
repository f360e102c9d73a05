/** Who listens on this host's TCP ports, and whose sockets they are. Linux only. */

import { closeSync, openSync, readdirSync, readlinkSync, readSync } from 'node:fs';

export interface ListeningSocket {
  /** An IP address; that of an IPv4 one that is written as IPv6 is IPv4. */
  readonly address: string;
  readonly port: number;
  readonly inode: string;
  readonly userId: number;
}

const TABLES = ['/proc/net/tcp', '/proc/net/tcp6'];
const LISTEN = '0A';
const CHUNK_BYTES = 64 * 1024;
/** What an IPv6 address begins with that means an IPv4 one. */
const MAPPED_IPV4 = Buffer.from('00000000000000000000ffff', 'hex');

/** @param isWanted whether a port is of interest; all are without */
export function listeningSockets(isWanted: (port: number) => boolean = () => true): readonly ListeningSocket[] {
  return TABLES.flatMap((path) => listeningRows(path)).flatMap((row) => socketOf(row, isWanted));
}

/** Number, local address, remote address, state, queues, timer, retransmits, user, timeout, inode. */
function fieldsOf(row: string): readonly string[] {
  return row.trim().split(/\s+/);
}

/** The rows of listening sockets. They come first: what is connected, however much that is, is not read. */
function listeningRows(path: string): readonly string[] {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch {
    // A host without IPv6.
    return [];
  }
  try {
    const chunk = Buffer.alloc(CHUNK_BYTES);
    let text = '';
    for (let read = -1; read !== 0; ) {
      read = readSync(file, chunk);
      text += chunk.toString('latin1', 0, read);
      const last = text.slice(0, text.lastIndexOf('\n')).split('\n').at(-1) ?? '';
      if (!last.includes('local_address') && fieldsOf(last)[3] !== LISTEN) break;
    }
    return text.split('\n').filter((row) => fieldsOf(row)[3] === LISTEN);
  } finally {
    closeSync(file);
  }
}

function socketOf(row: string, isWanted: (port: number) => boolean): readonly ListeningSocket[] {
  const [, local = '', , , , , , userId, , inode = ''] = fieldsOf(row);
  const [hex = '', hexPort = ''] = local.split(':');
  const port = Number.parseInt(hexPort, 16);
  return isWanted(port) ? [{ address: addressOf(hex), port, inode, userId: Number(userId) }] : [];
}

/** The kernel writes each 32 bits of an address as a number of the host's byte order. */
function addressOf(hex: string): string {
  const bytes = Buffer.from(hex, 'hex');
  for (let at = 0; at + 4 <= bytes.length; at += 4) bytes.subarray(at, at + 4).reverse();
  if (bytes.length === 4) return bytes.join('.');
  if (bytes.subarray(0, 12).equals(MAPPED_IPV4)) return bytes.subarray(12).join('.');
  const groups = Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(index * 2).toString(16));
  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1);
}

/** The inodes of the sockets that a process holds; null when that may not be seen: another user's, or gone. */
export function socketsOf(pid: number): ReadonlySet<string> | null {
  try {
    const links = readdirSync(`/proc/${pid}/fd`).map((fd) => linkOf(`/proc/${pid}/fd/${fd}`));
    return new Set(links.flatMap((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? []));
  } catch {
    return null;
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}
