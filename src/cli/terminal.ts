import { closeSync, openSync } from 'node:fs';
import type { Readable, Writable } from 'node:stream';
import { EXIT } from './exit-codes.ts';
import type { ViewClock } from './live/sights.ts';
import { errorText } from './messages.ts';
import type { Look } from './render/look.ts';

/** The person's side of the command line; passed in so that tests can be that person. */
export interface Terminal {
  readonly stdin: Input;
  readonly stdout: Output;
  readonly stderr: Output;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly clock: ViewClock;
  /** Aborts when the person interrupts (Ctrl-C), the system asks to end, or the reader of the output has gone. */
  readonly interrupted: AbortSignal;
  /**
   * From now on this process is a service: it goes on when nobody reads what it writes, and SIGHUP is a request to `reload`, unless
   * it says that the terminal has gone.
   */
  becomeService(reload: () => void): void;
}

/** A terminal can be switched so that each key comes at once. */
type Input = Readable & { readonly isTTY?: boolean; setRawMode?(raw: boolean): unknown };

export type Output = Writable & { readonly isTTY?: boolean; readonly columns?: number; readonly rows?: number };

const DEFAULT_COLUMNS = 80;
/** Where the output is no terminal: ids in full, and a sentence of detail. */
const PIPE_COLUMNS = 160;
const DEFAULT_ROWS = 24;
/** Narrower ones show lines cut rather than broken. */
const MIN_COLUMNS = 40;

/** For what a program may read, too: as wide as a terminal is, and without bounds where the output is none. */
export function uncutLook(terminal: Terminal, program: string): Look {
  const look = terminalLook(terminal, program);
  return terminal.stdout.isTTY === true ? look : { ...look, columns: Number.POSITIVE_INFINITY };
}

/** How things look on the terminal's standard output. @param program how drover is called here */
export function terminalLook({ stdout, env, clock }: Terminal, program: string): Look {
  return {
    columns: stdout.isTTY === true ? Math.max(stdout.columns ?? DEFAULT_COLUMNS, MIN_COLUMNS) : PIPE_COLUMNS,
    rows: stdout.rows ?? DEFAULT_ROWS,
    color: wantsColor(stdout, env),
    unicode: /utf-?8/i.test(env.LC_ALL || env.LC_CTYPE || env.LANG || ''),
    now: clock.now(),
    program,
  };
}

/** Colour on a terminal, unless https://no-color.org or `TERM=dumb` says otherwise; elsewhere only when forced. */
export function wantsColor(output: Output, env: Terminal['env']): boolean {
  if (env.NO_COLOR) return false;
  if (env.FORCE_COLOR) return env.FORCE_COLOR !== '0';
  return output.isTTY === true && env.TERM !== 'dumb';
}

const SAME_INTERRUPT_MS = 300;

/** The process's own terminal. The first interrupt asks to end in order, the second ends at once. */
export function processTerminal(clock: ViewClock): Terminal {
  const interrupt = new AbortController();
  let interruptedAt = 0;
  let reload: (() => void) | null = null;
  let unwritten: Error | null = null;
  const onInterrupt = () => {
    if (interrupt.signal.aborted) {
      // One Ctrl-C may reach us twice: from the terminal, and passed on by whoever started us.
      if (Math.abs(clock.now() - interruptedAt) >= SAME_INTERRUPT_MS) process.exit(130);
      return;
    }
    interruptedAt = clock.now();
    interrupt.abort(new Error('interrupted'));
  };
  const hadTerminal = hasTerminal();
  const onHangup = () => (reload === null || (hadTerminal && !hasTerminal()) ? onInterrupt() : reload());
  const ignored = ignoredSignals(process.env.DROVER_IGNORED_SIGNALS);
  process.on('SIGTERM', onInterrupt);
  process.on('SIGINT', ignored.has('SIGINT') ? ignore : onInterrupt);
  process.on('SIGHUP', ignored.has('SIGHUP') ? ignore : onHangup);
  for (const output of [process.stdout, process.stderr]) {
    output.on('error', (error: NodeJS.ErrnoException) => {
      // What a service decides does not depend on who hears of it: a full disk or a closed pipe is no reason to end.
      if (reload !== null) return;
      // The reader has gone, as `head` does: nobody reads any more, so it is time to end in order.
      if (error.code === 'EPIPE') return interrupt.abort(error);
      unwritten ??= error;
    });
  }
  process.on('exit', (code) => {
    if (unwritten === null || code !== EXIT.ok) return;
    process.stderr.write(`${errorText(`Not all of the output could be written: ${unwritten.message}`)}\n`);
    process.exitCode = EXIT.failed;
  });
  const { stdin, stdout, stderr, env } = process;
  const becomeService = (onReload: () => void) => {
    reload = onReload;
  };
  return { stdin, stdout, stderr, env, cwd: process.cwd(), clock, interrupted: interrupt.signal, becomeService };
}

function ignore(): void {}

/** The bits of the signals that the user (`nohup`) or a shell (`&` in a script) asked to be ignored, by number. */
const IGNORABLE = { SIGHUP: 1n, SIGINT: 2n };

/**
 * What was ignored when Drover was started, from `SigIgn` in /proc/self/status as bin/drover found it: Node.js resets all signals
 * before any of our code runs. SIGTERM is always obeyed: it is how a service is ended.
 */
function ignoredSignals(mask = ''): ReadonlySet<string> {
  const bits = /^[0-9a-f]{1,16}$/i.test(mask) ? BigInt(`0x${mask}`) : 0n;
  return new Set(Object.entries(IGNORABLE).flatMap(([name, number]) => ((bits >> (number - 1n)) & 1n ? [name] : [])));
}

/** Whether there is a controlling terminal: the system takes it away before it sends SIGHUP. */
function hasTerminal(): boolean {
  try {
    closeSync(openSync('/dev/tty', 'r'));
    return true;
  } catch {
    return false;
  }
}
