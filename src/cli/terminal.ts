import type { Readable, Writable } from 'node:stream';
import type { ViewClock } from './live/sights.ts';
import type { Look } from './render/look.ts';

/** The person's side of the command line; passed in so that tests can be that person. */
export interface Terminal {
  readonly stdin: Readable & { readonly isTTY?: boolean };
  readonly stdout: Output;
  readonly stderr: Output;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly clock: ViewClock;
  /** Aborts when the person interrupts (Ctrl-C) or the system asks to end. */
  readonly interrupted: AbortSignal;
}

export type Output = Writable & { readonly isTTY?: boolean; readonly columns?: number; readonly rows?: number };

const DEFAULT_COLUMNS = 80;
/** Where the output is no terminal: ids in full, and a sentence of detail. */
const PIPE_COLUMNS = 160;
const DEFAULT_ROWS = 24;
/** Narrower ones show lines cut rather than broken. */
const MIN_COLUMNS = 40;

/** How things look on the terminal's standard output. */
export function terminalLook({ stdout, env, clock }: Terminal): Look {
  return {
    columns: stdout.isTTY === true ? Math.max(stdout.columns ?? DEFAULT_COLUMNS, MIN_COLUMNS) : PIPE_COLUMNS,
    rows: stdout.rows ?? DEFAULT_ROWS,
    color: wantsColor(stdout, env),
    unicode: /utf-?8/i.test(env.LC_ALL || env.LC_CTYPE || env.LANG || ''),
    now: clock.now(),
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
  const onSignal = () => {
    if (interrupt.signal.aborted) {
      // One Ctrl-C may reach us twice: from the terminal, and passed on by whoever started us.
      if (Math.abs(clock.now() - interruptedAt) >= SAME_INTERRUPT_MS) process.exit(130);
      return;
    }
    interruptedAt = clock.now();
    interrupt.abort(new Error('interrupted'));
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal);
  for (const output of [process.stdout, process.stderr]) {
    output.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
      // The reader has gone, as `head` does: nobody is left to tell, so it is time to end in order.
      interrupt.abort(error);
    });
  }
  const { stdin, stdout, stderr, env } = process;
  return { stdin, stdout, stderr, env, cwd: process.cwd(), clock, interrupted: interrupt.signal };
}
