import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ExpectedError } from './expected-error.ts';
import { lastWords } from './last-words.ts';
import { oneLine, reasonOf } from './quoted.ts';
import { inheritedEnvironment, limited } from './user-program.ts';

/** Of what it complains about the end is kept. */
const MAX_KEPT_ERROR_BYTES = 4_096;
/** How long after its end a program's last output is read, where others have it open still. */
const LAST_OUTPUT_MS = 250;

export interface Program {
  /** The program and its arguments; no shell is involved. */
  readonly command: readonly string[];
  readonly workingDirectory: string;
  /** Variables beside the few that every program of the user's gets. */
  readonly environment?: Readonly<Record<string, string>>;
  /** What it reads from its standard input; without it that is empty. */
  readonly input?: string;
  /** More output than this is not read: the program is killed. */
  readonly maxOutputBytes: number;
  /** Gets the output as it comes; it is then neither kept nor bounded. */
  readonly onOutput?: (chunk: Buffer) => void;
}

/** How a program has ended by itself. */
export interface ProgramEnd {
  /** Null where a signal has ended it. */
  readonly code: number | null;
  readonly killedBy: NodeJS.Signals | null;
  readonly output: string;
  /** The line that says most about what went wrong; empty where it has not complained. */
  readonly complaint: string;
}

/** A program could not be run, or was not let run to its end. The message goes on after the program's name. */
export class ProgramError extends ExpectedError {
  readonly code: 'notFound' | 'notExecutable' | 'noFolder' | 'givenUp' | 'tooMuchOutput' | 'failed';

  constructor(code: ProgramError['code'], message: string, options?: { cause: unknown }) {
    super(message, options);
    this.name = 'ProgramError';
    this.code = code;
  }
}

/** What it takes of a clock. */
interface Sleeper {
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/**
 * Runs a program until it ends; what it leaves running in the background goes on, and is not waited for. It runs in a process group
 * of its own, which is killed as a whole when the signal aborts or it prints too much.
 * @throws ProgramError
 */
export async function runProgram(program: Program, clock: Sleeper, signal: AbortSignal): Promise<ProgramEnd> {
  if (signal.aborted) throw new ProgramError('givenUp', 'was given up');
  const { command, workingDirectory, environment = {}, input, maxOutputBytes, onOutput } = program;
  const env = { ...inheritedEnvironment(), ...environment };
  const [file = '', ...args] = limited(command, { path: env.PATH ?? '', workingDirectory });
  const child = spawn(file, args, { cwd: workingDirectory, env, detached: true, stdio: 'pipe' });
  const { promise, resolve, reject } = Promise.withResolvers<ProgramEnd>();
  // First of all: an error that nobody listens to would end Drover.
  child.on('error', (error) => reject(whyNotRun(error, command[0] ?? '', workingDirectory)));
  // It may end without having read it.
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  // What has left the group lives on, with the output open: it is not waited for.
  const giveUp = (error: ProgramError) => {
    killGroup(child.pid);
    reject(error);
  };
  const onAbort = () => giveUp(new ProgramError('givenUp', 'was given up'));
  signal.addEventListener('abort', onAbort, { once: true });
  const output: Buffer[] = [];
  let outputBytes = 0;
  let complaints = Buffer.alloc(0);
  child.stdout.on('data', (chunk: Buffer) => {
    if (onOutput !== undefined) return onOutput(chunk);
    output.push(chunk);
    outputBytes += chunk.length;
    if (outputBytes <= maxOutputBytes) return;
    giveUp(new ProgramError('tooMuchOutput', `prints more than ${maxOutputBytes} bytes`));
  });
  child.stderr.on('data', (chunk: Buffer) => {
    complaints = Buffer.concat([complaints, chunk]).subarray(-MAX_KEPT_ERROR_BYTES);
  });
  const finish = (code: number | null, killedBy: NodeJS.Signals | null) => {
    const complaint = oneLine(lastWords(complaints.toString()));
    resolve({ code, killedBy, output: Buffer.concat(output).toString(), complaint });
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
    child.stdin.destroy();
    child.stdout.destroy();
    child.stderr.destroy();
    signal.removeEventListener('abort', onAbort);
  }
}

/** Why a program that has ended has failed, to go on after its name; null where it has succeeded. */
export function whyFailed({ code, killedBy, complaint }: ProgramEnd): string | null {
  if (code === 0) return null;
  const how = code === null ? `was ended by ${killedBy}` : `exits with ${code}`;
  return complaint === '' ? how : `${how}: ${complaint}`;
}

/** The system names the program where it is the folder that is missing. */
function whyNotRun(error: Error, program: string, workingDirectory: string): ProgramError {
  const code = 'code' in error ? error.code : undefined;
  const because = (kind: ProgramError['code'], why: string) =>
    new ProgramError(kind, `cannot be run: ${why}`, { cause: error });
  if (!existsSync(workingDirectory)) {
    return because('noFolder', `its folder ${workingDirectory} does not exist; create it, or correct workingDirectory`);
  }
  if (
    code === 'ENOENT' &&
    program.includes('/') &&
    existsSync(program.startsWith('/') ? program : join(workingDirectory, program))
  ) {
    const what = 'the program that its first line names was not found';
    return because('notFound', `${what}; correct that line (and its line breaks), or install it`);
  }
  if (code === 'ENOENT') return because('notFound', 'it was not found; install it, or correct command');
  if (code === 'EACCES') {
    return because('notExecutable', 'this user may not execute it; look at its permissions');
  }
  return because('failed', reasonOf(error));
}

/** Ends a program with all that it has started, where it leads a process group of its own. */
export function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // All of it is gone already.
  }
}
