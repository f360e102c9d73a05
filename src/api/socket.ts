import { chmod, lstat, mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';

const SOCKET_NAME = 'drover.sock';
/** No longer than the other, because of the bound below. */
const FIRST_NAME = 'drover.new';

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
 * @returns the socket's path; closing the app removes the socket, unless another one is there by then
 */
export async function listen(app: FastifyInstance, dataDir: string): Promise<string> {
  const path = socketPath(dataDir);
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  await removeStaleSocket(path);
  // Node removes the name that it has listened on when it closes, whoever has that name by then.
  const first = join(dataDir, FIRST_NAME);
  await removeStaleSocket(first);
  let inode: bigint | undefined;
  app.addHook('onClose', async () => {
    if (inode !== undefined && (await inodeOf(path)) === inode) await rm(path);
  });
  // Private from the start: the folder's mode is the user's, and others may be able to enter it.
  const mask = process.umask(0o077);
  try {
    await app.listen({ path: first });
  } finally {
    process.umask(mask);
  }
  await chmod(first, 0o600);
  inode = await inodeOf(first);
  await rename(first, path);
  return path;
}

async function inodeOf(path: string): Promise<bigint | undefined> {
  return (await lstat(path, { bigint: true }).catch(() => undefined))?.ino;
}

async function removeStaleSocket(path: string): Promise<void> {
  const found = await lstat(path).catch(() => null);
  if (found === null) return;
  if (!found.isSocket()) throw new Error(`${path} is in the way: it is not a socket. Move it elsewhere.`);
  await rm(path);
}
