import { readdir, readFile } from 'node:fs/promises';

export interface HostProcess {
  readonly pid: number;
  readonly session: number;
  readonly commandLine: string;
}

/** The live processes whose command line or environment has `mark` in it: a path that nothing else uses. */
export async function processesWith(mark: string): Promise<readonly HostProcess[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const found = await Promise.all(pids.map((pid) => processOf(pid, mark)));
  return found.filter((one) => one !== null);
}

/** Whether a process exists and is no zombie. */
export async function isRunning(pid: number): Promise<boolean> {
  const [state] = await statOf(pid);
  return isLive(state);
}

/** SIGKILL, for a process that may have ended by itself since it was seen. */
export function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has.
  }
}

async function processOf(pid: number, mark: string): Promise<HostProcess | null> {
  if (pid === process.pid) return null;
  const commandLine = await read(pid, 'cmdline');
  if (!commandLine.includes(mark) && !(await read(pid, 'environ')).includes(mark)) return null;
  const [state, , , session] = await statOf(pid);
  return isLive(state)
    ? { pid, session: Number(session), commandLine: commandLine.replaceAll('\0', ' ').trim() }
    : null;
}

/** What follows the command's name: the state first. Empty when there is no such process. */
async function statOf(pid: number): Promise<readonly string[]> {
  const stat = await read(pid, 'stat');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

function isLive(state: string | undefined): boolean {
  return state !== undefined && state !== '' && state !== 'Z' && state !== 'X';
}

function read(pid: number, file: 'stat' | 'cmdline' | 'environ'): Promise<string> {
  return readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => '');
}
