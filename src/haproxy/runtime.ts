/** The runtime socket of one HAProxy: changes to servers, and observations. */

import type { Clock } from '../ports/clock.ts';
import { PortError } from '../ports/errors.ts';
import type { Command } from './commands.ts';
import { parseInfo } from './csv.ts';
import { inLines } from './encoder.ts';
import type { Report } from './report.ts';
import { type Ask, Reports } from './reports.ts';
import { ask, askForBytes, BROKEN_OFF, NOT_RUNNING } from './socket.ts';

/** Which worker the socket leads to. */
export interface Identity {
  readonly pid: number;
  readonly fingerprint: string;
  readonly stopping: boolean;
}

export class Runtime {
  readonly #socketPath: string;
  readonly #clock: Clock;
  readonly #reports: Reports;
  readonly #onCommands: (commands: number) => void;
  /** How often something was changed. */
  #changes = 0;

  /**
   * @param transitions how many changes of a server's health HAProxy has reported; null while nobody listens
   * @param onCommands called with how many commands are sent
   */
  constructor(
    socketPath: string,
    clock: Clock,
    transitions: () => number | null,
    onCommands: (commands: number) => void = () => {},
  ) {
    this.#onCommands = onCommands;
    this.#socketPath = socketPath;
    this.#clock = clock;
    const heard = (): number | null => {
      const reported = transitions();
      return reported === null ? null : reported + this.#changes;
    };
    const asked: Ask = (commands, signal, into) => askForBytes(socketPath, commands, clock, signal, into);
    this.#reports = new Reports(asked, clock, heard);
  }

  observe(signal: AbortSignal): Promise<Report> {
    return this.#reports.observe(signal);
  }

  /** Null when nobody answers. */
  async identify(signal: AbortSignal): Promise<Identity | null> {
    const reply = await nullIfNotRunning(ask(this.#socketPath, [['show', 'info']], this.#clock, signal));
    if (reply === null) return null;
    const info = parseInfo(reply);
    return {
      pid: Number(info.get('Pid') ?? 0),
      fingerprint: info.get('description') ?? '',
      stopping: info.get('Stopping') !== '0',
    };
  }

  /** Runs all commands, a few KB at a time, and returns the reply to each. */
  async execute(commands: readonly Command[], signal: AbortSignal): Promise<readonly string[]> {
    const replies: string[] = [];
    this.#onCommands(commands.length);
    try {
      for (const line of inLines(commands)) {
        const words = line.map((command) => command.words);
        replies.push(...splitReplies(await ask(this.#socketPath, words, this.#clock, signal), line.length));
      }
      return replies;
    } finally {
      // An observation that was taken meanwhile may have seen it before.
      this.#changes += 1;
    }
  }

  /**
   * Runs all commands, also those after one that failed.
   * @throws PortError `haproxyReply` with the first reply that is not as wanted
   */
  async demand(commands: readonly Command[], signal: AbortSignal): Promise<void> {
    const replies = await this.execute(commands, signal);
    for (const [index, { words, expected }] of commands.entries()) {
      const reply = replies[index] ?? '';
      if (expected.test(reply)) continue;
      const asked = words.slice(0, 3).join(' ');
      throw new PortError('Transient', 'haproxyReply', `HAProxy answered ${JSON.stringify(reply)} to ${asked}`);
    }
  }
}

/** Null instead of the error that says that nobody listens. */
export async function nullIfNotRunning<T>(answer: Promise<T>): Promise<T | null> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof PortError && error.code === NOT_RUNNING) return null;
    throw error;
  }
}

/** Null also for a process that comes or goes just now and breaks off, or does not answer. */
export async function nullIfBusy<T>(answer: Promise<T | null>): Promise<T | null> {
  try {
    return await nullIfNotRunning(answer);
  } catch (error) {
    if (error instanceof PortError && [BROKEN_OFF, 'haproxyReply', 'deadline'].includes(error.code)) return null;
    throw error;
  }
}

/**
 * Replies of at most one line each: `text`, then an empty line; only the empty line for success without words. HAProxy 2.6
 * leaves the empty line out after `del server`, which is therefore not to be mixed with commands that answer nothing.
 * @throws PortError `haproxyReply` when there are fewer or more
 */
export function splitReplies(output: string, count: number): readonly string[] {
  const lines = output.split('\n');
  const replies: string[] = [];
  let at = 0;
  // What follows the last newline is no line.
  while (replies.length < count && at < lines.length - 1) {
    const line = lines[at] ?? '';
    replies.push(line);
    at += line !== '' && lines[at + 1] === '' ? 2 : 1;
  }
  const rest = lines.slice(at).join('').trim();
  if (replies.length < count || rest !== '') {
    throw new PortError(
      'Transient',
      'haproxyReply',
      `HAProxy's answer is not understood: ${JSON.stringify(output.slice(0, 300))}`,
    );
  }
  return replies;
}
