/** HAProxy's processes as the host knows them. */

import { readdir, readFile } from 'node:fs/promises';
import type { Clock } from '../ports/clock.ts';
import { errorCode } from './files.ts';

const POLL_MS = 25;
/** For open requests to end before connections are cut. */
const SOFT_STOP_MS = 3_000;
const HARD_STOP_MS = 2_000;

/**
 * The pids of every process, master or worker, that runs our configuration. A pid that was given to another program since is
 * not among them, whatever was written down: the configuration's path is on the command line, and it is ours alone. Neither
 * are zombies: they have no command line.
 */
export async function processesOf(configPath: string): Promise<readonly number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const ours = await Promise.all(
    pids.map(async (pid) => {
      const words = await commandLine(pid);
      return words.includes('-W') && words[words.indexOf('-f') + 1] === configPath;
    }),
  );
  return pids.filter((_, index) => ours[index]).map(Number);
}

/** Ends them all: softly, then at once, then by force. Resolves when none is left. */
export async function endProcesses(configPath: string, clock: Clock, signal: AbortSignal): Promise<void> {
  const steps: readonly { readonly kill: NodeJS.Signals; readonly waitMs: number }[] = [
    { kill: 'SIGUSR1', waitMs: SOFT_STOP_MS },
    { kill: 'SIGTERM', waitMs: HARD_STOP_MS },
    { kill: 'SIGKILL', waitMs: HARD_STOP_MS },
  ];
  for (const { kill, waitMs } of steps) {
    for (const pid of await processesOf(configPath)) send(pid, kill);
    for (let waited = 0; waited < waitMs && !signal.aborted; waited += POLL_MS) {
      if ((await processesOf(configPath)).length === 0) return;
      await clock.sleep(POLL_MS, signal);
    }
  }
}

function send(pid: number, kill: NodeJS.Signals): void {
  try {
    process.kill(pid, kill);
  } catch (error) {
    if (errorCode(error) !== 'ESRCH') throw error;
  }
}

async function commandLine(pid: string): Promise<readonly string[]> {
  try {
    return (await readFile(`/proc/${pid}/cmdline`, 'utf8')).split('\0');
  } catch {
    // It has ended since, or belongs to somebody else.
    return [];
  }
}
