import { readdir, readFile } from 'node:fs/promises';

/** Linux counts CPU time in these, whatever the machine. */
const TICKS_PER_SECOND = 100;

/** User and system time that a process has used so far. */
export async function cpuMs(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  // Fields 14 and 15; the program's name before them may hold blanks.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return ((Number(fields[11]) + Number(fields[12])) * 1_000) / TICKS_PER_SECOND;
}

/** CPU time of all threads of a process so far, as the scheduler counts it: in nanoseconds, not in ticks of 10 ms. */
export async function runMs(pid: number): Promise<number> {
  const threads = await readdir(`/proc/${pid}/task`);
  const ran = threads.map(async (thread) => {
    const [nanoseconds] = (await readFile(`/proc/${pid}/task/${thread}/schedstat`, 'utf8')).split(' ');
    return Number(nanoseconds) / 1e6;
  });
  return (await Promise.all(ran)).reduce((sum, one) => sum + one, 0);
}

/** Resident memory, in MB. */
export async function residentMb(pid: number): Promise<number> {
  return (await memoryMb(pid)).now;
}

/** Resident memory in MB: now, and the most that it ever was. */
export async function memoryMb(pid: number): Promise<{ readonly now: number; readonly peak: number }> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const of = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]) / 1024;
  return { now: of('VmRSS'), peak: of('VmHWM') };
}

/** Bytes that a process has read and written so far, to files and sockets alike, in MB. */
export async function transferredMb(pid: number): Promise<{ readonly read: number; readonly written: number }> {
  const io = await readFile(`/proc/${pid}/io`, 'utf8');
  const of = (name: string) => Number(new RegExp(`^${name}: (\\d+)$`, 'm').exec(io)?.[1]) / 1e6;
  return { read: of('rchar'), written: of('wchar') };
}
