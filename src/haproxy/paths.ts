import { Buffer } from 'node:buffer';
import { join, resolve } from 'node:path';
import { PortError } from '../ports/errors.ts';

/** What one HAProxy has on disk, all in one private folder. */
export interface Paths {
  readonly dataDir: string;
  readonly config: string;
  /** Validated, then renamed to `config`. */
  readonly candidate: string;
  /** What a running HAProxy took last, less the members. */
  readonly lastGood: string;
  readonly state: string;
  readonly runtimeSocket: string;
  readonly masterSocket: string;
  readonly log: string;
}

/** 108 bytes of `sun_path`, less the final zero and the `.<pid>.tmp` that HAProxy appends while it binds. */
const MAX_SOCKET_PATH_BYTES = 107 - '.4194304.tmp'.length;

/** HAProxy splits addresses at commas and expands variables in them, and no quoting helps. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
const UNUSABLE_IN_PATH = /[\u0000-\u001f\u007f,'"\\$]/;

/** @throws PortError `Invalid` for a folder that HAProxy cannot have its sockets in */
export function pathsIn(folder: string): Paths {
  const dataDir = resolve(folder);
  if (UNUSABLE_IN_PATH.test(dataDir)) {
    throw new PortError(
      'Invalid',
      'dataDirUnusable',
      `HAProxy cannot have its sockets in ${JSON.stringify(dataDir)}: no commas, quotes, backslashes, $ or control characters`,
    );
  }
  const runtimeSocket = join(dataDir, 'runtime.sock');
  const bytes = Buffer.byteLength(runtimeSocket);
  if (bytes > MAX_SOCKET_PATH_BYTES) {
    throw new PortError(
      'Invalid',
      'socketPathTooLong',
      `${runtimeSocket} is ${bytes} bytes long; a socket's path may have ${MAX_SOCKET_PATH_BYTES} here: choose a shorter data folder`,
    );
  }
  return {
    dataDir,
    config: join(dataDir, 'haproxy.cfg'),
    candidate: join(dataDir, 'haproxy.cfg.candidate'),
    lastGood: join(dataDir, 'last-good.json'),
    state: join(dataDir, 'servers.state'),
    runtimeSocket,
    masterSocket: join(dataDir, 'master.sock'),
    log: join(dataDir, 'haproxy.log'),
  };
}
