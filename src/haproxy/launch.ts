import { spawn } from 'node:child_process';
import { open, stat, truncate } from 'node:fs/promises';
import { constants } from 'node:os';
import { openToAppend } from '../base/files.ts';
import { errorCode } from '../base/system-error.ts';
import type { Clock } from '../ports/clock.ts';
import { withDeadline } from '../ports/deadline.ts';
import { PortError } from '../ports/errors.ts';
import { alertsIn, type Binary } from './binary.ts';
import { showProcesses } from './master.ts';
import type { Paths } from './paths.ts';
import { processesOf, recordStart } from './processes.ts';
import { nullIfBusy, type Runtime } from './runtime.ts';

const START_TIMEOUT_MS = 10_000;
const POLL_MS = 20;
const ANSWER_TIMEOUT_MS = 500;
/** An exit code beyond it means the signal of that number. */
const SIGNALLED = 128;
/** HAProxy writes a line for each health transition, for as long as it runs. */
const MAX_LOG_BYTES = 4 * 1024 * 1024;
const MAX_EXCERPT_BYTES = 64 * 1024;

/**
 * Starts HAProxy with the configuration on disk, in a session of its own, so that it outlives us. Processes of ours that no
 * longer answer hand over to it and finish what they have open.
 * @param onExit called with how it ended, whenever that is, in words
 * @throws PortError `haproxyStartFailed` with HAProxy's own words
 */
export async function launch(
  binary: Binary,
  paths: Paths,
  fingerprint: string,
  runtime: Runtime,
  clock: Clock,
  onExit: (how: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const leftovers = await processesOf(paths.config);
  await using log = await openToAppend(paths.log);
  const logged = (await log.stat()).size;
  const finishLeftovers = leftovers.length > 0 ? ['-sf', ...leftovers.map(String)] : [];
  const child = spawn(
    binary.path,
    ['-W', '-S', `${paths.masterSocket},mode,600`, '-f', paths.config, ...finishLeftovers],
    {
      cwd: paths.dataDir,
      detached: true,
      env: {},
      stdio: ['ignore', log.fd, log.fd],
    },
  );
  let ended = '';
  child.on('error', (error) => {
    ended = error.message;
  });
  child.on('exit', (code, killedBy) => {
    ended = `it exited with ${killedBy ?? describeExit(code)}`;
    onExit(ended);
  });
  child.unref();
  if (child.pid !== undefined) await recordStart(paths.config, child.pid);
  const start = async (both: AbortSignal): Promise<void> => {
    for (;;) {
      if (ended !== '') {
        const alerts = alertsIn(await logSince(paths.log, logged));
        throw new PortError(
          'Transient',
          'haproxyStartFailed',
          `HAProxy did not start: ${alerts === '' ? ended : alerts}`,
        );
      }
      const worker = await nullIfBusy(runtime.identify(both));
      // Until the new master listens, the socket may lead to one that is hung.
      const master = await nullIfBusy(
        withDeadline(clock, ANSWER_TIMEOUT_MS, both, (bounded) => showProcesses(paths.masterSocket, clock, bounded)),
      );
      const isNew = worker !== null && !leftovers.includes(worker.pid) && !worker.stopping;
      if (master?.master === child.pid && isNew && worker.fingerprint === fingerprint) return;
      await clock.sleep(POLL_MS, both);
      both.throwIfAborted();
    }
  };
  await withDeadline(clock, START_TIMEOUT_MS, signal, start, 'the start of HAProxy');
}

/** The code of a master says by which signal its worker was ended. */
function describeExit(code: number | null): string {
  const signal = Object.entries(constants.signals).find(([, number]) => number + SIGNALLED === code)?.[0];
  return signal === undefined ? `code ${code}` : `code ${code} (${signal} of its worker)`;
}

/** The size of the log now, to read on from there. */
export async function logSize(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return 0;
    throw error;
  }
}

/** What has been logged since it had that size. */
export async function logSince(path: string, size: number): Promise<string> {
  await using log = await open(path, 'r');
  const { bytesRead, buffer } = await log.read(Buffer.alloc(MAX_EXCERPT_BYTES), 0, MAX_EXCERPT_BYTES, size);
  return buffer.toString('utf8', 0, bytesRead);
}

/** Starts the log anew when it has got too long; HAProxy goes on appending to it. */
export async function boundLog(path: string): Promise<void> {
  if ((await logSize(path)) > MAX_LOG_BYTES) await truncate(path);
}
