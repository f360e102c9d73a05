import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { promisify } from 'node:util';
import { expect, onTestFinished } from 'vitest';

const run = promisify(execFile);

const COMMAND_TIMEOUT_MS = 10_000;

export interface PtyOptions {
  readonly command: readonly string[];
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly columns?: number;
  readonly rows?: number;
}

/** A program in a real terminal (tmux), with keys to press and a screen to read. It is gone when the test has finished. */
export class Pty {
  readonly #socket = `drover-${randomUUID()}`;

  static async start({ command, cwd, env = {}, columns = 100, rows = 30 }: PtyOptions): Promise<Pty> {
    const pty = new Pty();
    onTestFinished(() => pty.#tmux('kill-server').then(ignore, ignore));
    const variables = { LANG: 'C.UTF-8', ...env };
    // tmux keeps a PATH of its own from what it is told.
    const withEnv = ['env', ...Object.entries(variables).map(([name, value]) => `${name}=${value}`), ...command];
    const size = ['-x', String(columns), '-y', String(rows)];
    // What was on the screen last stays to be read.
    const keep = [';', 'set-option', '-g', 'remain-on-exit', 'on', ';', 'set-option', '-g', 'status', 'off'];
    await pty.#tmux('-u', '-f', '/dev/null', 'new-session', '-d', '-c', cwd, ...size, ...withEnv, ...keep);
    return pty;
  }

  /** Presses keys, by tmux's names for them: `Enter`, `Down`, `C-c`. */
  async press(...keys: readonly string[]): Promise<void> {
    await this.#tmux('send-keys', ...keys);
  }

  /** Types text as it is. */
  async type(text: string): Promise<void> {
    await this.#tmux('send-keys', '-l', '--', text);
  }

  async resize(columns: number, rows: number): Promise<void> {
    await this.#tmux('resize-window', '-x', String(columns), '-y', String(rows));
  }

  /** What a person sees, without spaces at the ends of lines. With `escapes`: in its colours. */
  async screen(escapes = false): Promise<string> {
    const { stdout } = await this.#tmux('capture-pane', '-p', ...(escapes ? ['-e'] : []));
    return stdout
      .split('\n')
      .map((line) => line.trimEnd())
      .join('\n')
      .trimEnd();
  }

  /** The screen once it shows this. */
  async shows(text: string | RegExp): Promise<string> {
    await expect.poll(() => this.screen()).toMatch(text);
    return this.screen();
  }

  /** How the program ended; null while it runs. */
  async exitCode(): Promise<number | null> {
    const { stdout } = await this.#tmux('display-message', '-p', '#{pane_dead}:#{pane_dead_status}');
    const [dead, status = ''] = stdout.trim().split(':');
    return dead === '1' && status !== '' ? Number(status) : null;
  }

  /** The process that runs in the terminal. */
  async pid(): Promise<number> {
    return Number((await this.#tmux('display-message', '-p', '#{pane_pid}')).stdout);
  }

  /** Whether the program has taken the whole screen and gives it back. */
  async isAlternate(): Promise<boolean> {
    return (await this.#tmux('display-message', '-p', '#{alternate_on}')).stdout.trim() === '1';
  }

  /** Closes the terminal, as its window's cross does. */
  async hangUp(): Promise<void> {
    await this.#tmux('kill-server').then(ignore, ignore);
  }

  #tmux(...args: readonly string[]) {
    return run('tmux', ['-L', this.#socket, ...args], { timeout: COMMAND_TIMEOUT_MS });
  }
}

function ignore(): void {}
