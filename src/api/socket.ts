import { chmod, lstat, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';

const SOCKET_NAME = 'drover.sock';

/** What a unix socket's address can hold on Linux (`sun_path`), without its closing zero byte. */
const maxSocketPathBytes = 107;

/** Where the controller of a data folder listens. @throws when the path is longer than a unix socket's may be */
export function socketPath(dataDir: string): string {
  const path = join(dataDir, SOCKET_NAME);
  const bytes = Buffer.byteLength(path);
  if (bytes > maxSocketPathBytes) {
    throw new Error(
      `The path of Drover's socket, ${path}, is ${bytes} bytes long; the system allows ${maxSocketPathBytes}. ` +
        'Choose a shorter data folder with --data.',
    );
  }
  return path;
}

/**
 * Listens on the data folder's socket, for this user alone. A socket that is already there is taken for what an earlier
 * controller left: call this only as the holder of the data folder's lock.
 * @returns the socket's path; closing the app removes it
 */
export async function listen(app: FastifyInstance, dataDir: string): Promise<string> {
  const path = socketPath(dataDir);
  await removeStaleSocket(path);
  // Private from the start, as the folder's mode is the user's: others may be able to enter it.
  const mask = process.umask(0o077);
  try {
    await app.listen({ path });
  } finally {
    process.umask(mask);
  }
  await chmod(path, 0o600);
  return path;
}

async function removeStaleSocket(path: string): Promise<void> {
  const found = await lstat(path).catch(() => null);
  if (found === null) return;
  if (!found.isSocket()) throw new Error(`${path} is in the way: it is not a socket. Move it elsewhere.`);
  await rm(path);
}
