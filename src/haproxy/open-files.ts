/** How many files, and so connections, HAProxy may have open. */

import { readFile } from 'node:fs/promises';
import type { LoadBalancer } from '../model/fleet.ts';

/** For health checks, listeners and the runtime API, more than clients may take: each file that HAProxy may open costs memory. */
const MIN_FILES_BESIDE = 500;
const MAX_FILES_BESIDE = 4_000;
const SHARE_BESIDE = 0.05;
/** Of a limit so low that these would be most of it. */
const MAX_SHARE_BESIDE = 0.2;
/** One to the client, one to the server. */
const FILES_A_CONNECTION = 2;

export interface ConnectionLimit {
  /** HAProxy is not to make room for more: with the limit of open files of some hosts that would be all of the memory. */
  readonly files: number;
  /** Client connections of a listener. */
  readonly connections: number;
}

/** @param openFiles the hard limit of HAProxy's process */
export function connectionLimit(
  { maxConnections, listeners }: Pick<LoadBalancer, 'maxConnections' | 'listeners'>,
  openFiles: number,
): ConnectionLimit {
  const forClients = maxConnections * Math.max(1, listeners.length) * FILES_A_CONNECTION;
  const wanted = Math.min(MAX_FILES_BESIDE, Math.max(MIN_FILES_BESIDE, Math.ceil(forClients * SHARE_BESIDE)));
  const files = Math.min(forClients + wanted, openFiles);
  const beside = Math.min(wanted, Math.ceil(files * MAX_SHARE_BESIDE));
  const connections = Math.floor((files - beside) / FILES_A_CONNECTION);
  return { files, connections: Math.max(1, Math.min(maxConnections, connections)) };
}

/** The hard limit of open files of a process of this user. One that has ended has ours: the next one is our child. */
export async function openFileLimit(pid: number): Promise<number> {
  const limits = await readFile(`/proc/${pid}/limits`, 'utf8').catch(() => readFile('/proc/self/limits', 'utf8'));
  const hard = /^Max open files\s+\S+\s+(\S+)/m.exec(limits)?.[1];
  return hard === undefined || hard === 'unlimited' ? Number.MAX_SAFE_INTEGER : Number(hard);
}
