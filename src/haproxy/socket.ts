import { connect } from 'node:net';
import { finished } from 'node:stream/promises';
import { errorCode, isNetworkError } from '../base/system-error.ts';
import type { Clock } from '../ports/clock.ts';
import { withDeadline } from '../ports/deadline.ts';
import { PortError } from '../ports/errors.ts';
import { encode, type Words } from './encoder.ts';
import { ReplyBuffer } from './reply-buffer.ts';

const REPLY_TIMEOUT_MS = 5_000;
const CHUNK_BYTES = 64 * 1024;
/** Ten thousand servers make about 7 MB. */
const MAX_REPLY_BYTES = 64 * 1024 * 1024;

/** The codes of an error that says: nobody listens. */
const NOBODY_THERE = ['ENOENT', 'ECONNREFUSED'];
export const NOT_RUNNING = 'haproxyNotRunning';
export const BROKEN_OFF = 'haproxySocket';

/**
 * Sends one line on a connection of its own and returns all that comes back. A connection that were kept would stay with the
 * old process after a reload.
 * @throws PortError `haproxyNotRunning` when nobody listens on the socket
 */
export async function ask(
  path: string,
  commands: readonly Words[],
  clock: Clock,
  signal: AbortSignal,
): Promise<string> {
  return (await askForBytes(path, commands, clock, signal)).toString('utf8');
}

/**
 * As `ask`, for answers that are too long to be made a string of.
 * @param into what the answer is read into, and is part of
 */
export async function askForBytes(
  path: string,
  commands: readonly Words[],
  clock: Clock,
  signal: AbortSignal,
  into = new ReplyBuffer(),
): Promise<Buffer> {
  const line = commands.map(encode).join(';');
  const answer = async (both: AbortSignal): Promise<Buffer> => {
    into.clear();
    const onread = {
      buffer: Buffer.allocUnsafe(CHUNK_BYTES),
      callback: (bytes: number, chunk: Uint8Array) => {
        into.add(chunk.subarray(0, bytes));
        if (into.reply.length <= MAX_REPLY_BYTES) return true;
        socket.destroy(new PortError('Transient', 'haproxyReply', `HAProxy's answer has no end`));
        return false;
      },
    };
    // Closing our half says to the master's command line that there is no more; it would wait for it.
    const socket = connect({ path, allowHalfOpen: true, signal: both, onread });
    try {
      socket.end(`${line}\n`);
      await finished(socket, { writable: false });
      return into.reply;
    } catch (error) {
      throw socketError(path, error);
    } finally {
      socket.destroy();
    }
  };
  return withDeadline(clock, REPLY_TIMEOUT_MS, signal, answer, `HAProxy on ${path}`);
}

/** An error of the socket; any other is returned as it is. */
function socketError(path: string, error: unknown): unknown {
  if (error instanceof PortError || !isNetworkError(error)) return error;
  const code = errorCode(error);
  // The queue of connections that it has not taken is full.
  if (code === 'EAGAIN') {
    return new PortError('Transient', 'deadline', `HAProxy takes no connections on ${path}`, { cause: error });
  }
  return NOBODY_THERE.includes(code)
    ? new PortError('Transient', NOT_RUNNING, 'HAProxy is not running', { cause: error })
    : new PortError('Transient', BROKEN_OFF, `${path}: ${code}`, { cause: error });
}
