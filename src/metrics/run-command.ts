import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { lastWords } from '../base/last-words.ts';
import { inheritedEnvironment, limited } from '../base/user-program.ts';
import type { Clock } from '../ports/clock.ts';
import { Missing } from './source.ts';
import { oneLine, reasonOf } from './text.ts';

/** More output than this is not one number. */
const MAX_OUTPUT_BYTES = 4_096;
/** Of what it complains about the end is kept. */
const MAX_KEPT_ERROR_BYTES = 4_096;
/** How long after its end a program's last output is read, where others have it open still. */
const LAST_OUTPUT_MS = 250;

export interface Command {
  /** The program and its arguments; no shell is involved. */
  readonly command: readonly string[];
  readonly workingDirectory: string;
}

/**
 * What a command prints until it ends; what it leaves running in the background goes on, and is not waited for. It runs in a process group
 * of its own, which is killed as a whole when the signal aborts or it prints too much.
 * @throws Missing with the last line of its complaints when it does not succeed
 */
export async function outputOf(
  { command, workingDirectory }: Command,
  clock: Clock,
  signal: AbortSignal,
): Promise<string> {
  const [program = ''] = command;
  const env = inheritedEnvironment();
  const [file = '', ...args] = limited(command, { path: env.PATH ?? '', workingDirectory });
  const child = spawn(file, args, {
    cwd: workingDirectory,
    env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const fail = (why: string) => reject(new Missing('failed', `${program} ${why}`));
  // First of all: an error that nobody listens to would end Drover.
  child.on('error', (error) => fail(`cannot be run: ${whyNotRun(error, workingDirectory)}`));
  // What has left the group lives on, with the output open: it is not waited for.
  const giveUp = (why: string) => {
    killGroup(child.pid);
    child.stdout.destroy();
    child.stderr.destroy();
    fail(why);
  };
  const onAbort = () => giveUp('was given up');
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) onAbort();
  let output = Buffer.alloc(0);
  let complaints = Buffer.alloc(0);
  child.stdout.on('data', (chunk: Buffer) => {
    output = Buffer.concat([output, chunk]);
    if (output.length > MAX_OUTPUT_BYTES) giveUp(`prints more than ${MAX_OUTPUT_BYTES} bytes`);
  });
  child.stderr.on('data', (chunk: Buffer) => {
    complaints = Buffer.concat([complaints, chunk]).subarray(-MAX_KEPT_ERROR_BYTES);
  });
  const finish = (code: number | null, killedBy: NodeJS.Signals | null) => {
    if (code === 0) return resolve(output.toString());
    const why = oneLine(lastWords(complaints.toString()));
    fail(`${code === null ? `was ended by ${killedBy}` : `exits with ${code}`}${why === '' ? '' : `: ${why}`}`);
  };
  // Its whole output has been read when nobody has it open any more.
  child.on('close', finish);
  // The program has ended, but not whoever it left running in the background with its output open: what is in the pipe is read.
  const over = new AbortController();
  child.on('exit', (code, killedBy) => {
    void clock.sleep(LAST_OUTPUT_MS, over.signal).then(() => finish(code, killedBy));
  });
  try {
    return await promise;
  } finally {
    over.abort();
    child.stdout.destroy();
    child.stderr.destroy();
    signal.removeEventListener('abort', onAbort);
  }
}

/** The system names the program where it is the folder that is missing. */
function whyNotRun(error: Error, workingDirectory: string): string {
  const code = 'code' in error ? error.code : undefined;
  if (!existsSync(workingDirectory))
    return `its folder ${workingDirectory} does not exist; create it, or correct workingDirectory`;
  if (code === 'ENOENT') return 'it was not found; install it, or correct command';
  if (code === 'EACCES') return 'this user may not execute it; look at its permissions';
  return reasonOf(error);
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // All of it is gone already.
  }
}
