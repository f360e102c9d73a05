import { PassThrough } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import type { Output, Terminal } from '../../src/cli/terminal.ts';

export interface FakeTerminal extends Terminal {
  readonly stdin: PassThrough & { isTTY?: boolean };
  /** What was written to standard output so far. */
  out(): string;
  err(): string;
  interrupt(): void;
}

export interface FakeTerminalOptions {
  readonly tty?: boolean;
  readonly cwd?: string;
  readonly env?: Record<string, string>;
  readonly columns?: number;
  readonly rows?: number;
  readonly startAt?: number;
}

/** A person's terminal, or a pipe. Its clock is virtual: a sleep takes no time, and the clock jumps over it. */
export function fakeTerminal(options: FakeTerminalOptions = {}): FakeTerminal {
  const { tty = false, columns = 100, rows = 30 } = options;
  const size = tty ? { isTTY: true, columns, rows } : {};
  const [stdin, out, err] = [new PassThrough(), new PassThrough(), new PassThrough()];
  const texts = [out, err].map((stream) => {
    const chunks: string[] = [];
    stream.on('data', (chunk: Buffer) => chunks.push(chunk.toString()));
    return () => chunks.join('');
  });
  const [outText = () => '', errText = () => ''] = texts;
  const interrupt = new AbortController();
  let now = options.startAt ?? Date.UTC(2026, 10, 23, 15, 44);
  return {
    stdin: Object.assign(stdin, tty ? { isTTY: true } : {}),
    stdout: Object.assign(out, size) as Output,
    stderr: Object.assign(err, size) as Output,
    env: { LANG: 'C.UTF-8', NO_COLOR: '1', ...options.env },
    cwd: options.cwd ?? '/srv/hello',
    clock: {
      now: () => now,
      sleep: async (delayMs) => {
        await setImmediate();
        now += delayMs;
      },
    },
    interrupted: interrupt.signal,
    becomeService: () => {},
    out: outText,
    err: errText,
    interrupt: () => interrupt.abort(new Error('interrupted')),
  };
}
