/** Who listens on this host's ports, and whose sockets they are. Linux only. */

import { closeSync, openSync, readdirSync, readlinkSync, readSync } from 'node:fs';

export interface Listener {
  readonly inode: string;
  readonly userId: number;
}

const LISTEN = '0A';
const CHUNK_BYTES = 64 * 1024;
/** As the kernel writes them on machines of little endian order, which are all that Node.js is made for on Linux but one. */
const LOOPBACK = '0100007F';
const MAPPED_LOOPBACK = '0000000000000000FFFF00000100007F';
const ANY = /^(0{8}|0{32})$/;

/** By port, the sockets that a connection to 127.0.0.1 reaches: those of that very address, else those of all addresses. */
export function readListeners(ports: ReadonlySet<number>): ReadonlyMap<number, readonly Listener[]> {
  const rows = ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((path) => readListening(path));
  const found = new Map<number, { exact: Listener[]; any: Listener[] }>();
  for (const row of rows) {
    // Number, local address, remote address, state, queues, timer, retransmits, user, timeout, inode.
    const [, local = '', , , , , , userId, , inode = ''] = row.trim().split(/\s+/);
    const [address = '', hexPort = ''] = local.split(':');
    const port = Number.parseInt(hexPort, 16);
    if (!ports.has(port)) continue;
    const there = found.get(port) ?? { exact: [], any: [] };
    found.set(port, there);
    const listener = { inode, userId: Number(userId) };
    if (address === LOOPBACK || address === MAPPED_LOOPBACK) there.exact.push(listener);
    else if (ANY.test(address)) there.any.push(listener);
  }
  return new Map([...found].map(([port, { exact, any }]) => [port, exact.length > 0 ? exact : any]));
}

/** The rows of listening sockets. They come first: what is connected, however much that is, is not read. */
function readListening(path: string): readonly string[] {
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
      if (!last.includes('local_address') && last.trim().split(/\s+/)[3] !== LISTEN) break;
    }
    return text.split('\n').filter((row) => row.trim().split(/\s+/)[3] === LISTEN);
  } finally {
    closeSync(file);
  }
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
