/** The master process: which workers there are, and a reload. */

import type { Clock } from '../ports/clock.ts';
import { PortError } from '../ports/errors.ts';
import type { Words } from './encoder.ts';
import { ask } from './socket.ts';

export interface OldWorker {
  readonly pid: number;
  /** That it has outlived. */
  readonly reloads: number;
}

export interface Processes {
  readonly master: number;
  readonly reloads: number;
  /** Attempts since the last reload that succeeded. */
  readonly failedReloads: number;
  /** Workers of earlier configurations that still serve connections. */
  readonly oldWorkers: readonly OldWorker[];
}

export async function showProcesses(socket: string, clock: Clock, signal: AbortSignal): Promise<Processes> {
  return parseProcesses(await ask(socket, [['show', 'proc']], clock, signal));
}

/** Asks for a reload; whether it succeeds is to be looked for. */
export async function requestReload(socket: string, clock: Clock, signal: AbortSignal): Promise<void> {
  await ask(socket, [['reload']], clock, signal);
}

/** Asks a worker that the runtime socket does not lead to any more; null when it has gone. */
export async function askOldWorker(
  socket: string,
  pid: number,
  commands: readonly Words[],
  clock: Clock,
  signal: AbortSignal,
): Promise<string | null> {
  // Without the prefix of its own, each but the first would be the master's.
  const addressed = commands.map((words): Words => [`@!${pid}`, ...words]);
  const reply = await ask(socket, addressed, clock, signal);
  return reply.startsWith("Can't find the target PID") || reply.trim() === '' ? null : reply;
}

/** @throws PortError `haproxyReply` */
export function parseProcesses(reply: string): Processes {
  const master = /^(\d+)\s+master\s+(\d+)(?: \[failed: (\d+)\])?/m.exec(reply);
  if (master === null) {
    throw new PortError(
      'Transient',
      'haproxyReply',
      `HAProxy's list of processes cannot be read: ${JSON.stringify(reply.slice(0, 200))}`,
    );
  }
  const old = reply.split('# old workers')[1]?.split('\n#')[0] ?? '';
  return {
    master: Number(master[1]),
    reloads: Number(master[2]),
    failedReloads: Number(master[3] ?? 0),
    oldWorkers: [...old.matchAll(/^(\d+)\s+worker\s+(\d+)/gm)].map(([, pid, reloads]) => ({
      pid: Number(pid),
      reloads: Number(reloads),
    })),
  };
}
