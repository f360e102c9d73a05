import { open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { FileError, openToReplace, readBounded } from '../base/files.ts';

/** The configuration and the state of ten thousand servers take some 10 MB. */
const MAX_FILE_BYTES = 256 * 1024 * 1024;

/** Replaces a file so that a crash at any moment leaves the old text or the new, and the new survives a power cut. */
export async function writeDurably(path: string, text: string): Promise<void> {
  const temporary = `${path}.tmp`;
  await using file = await openToReplace(temporary).catch((error: unknown) => {
    if (!(error instanceof FileError)) throw error;
    throw new FileError(error.code, `${path} cannot be written: ${error.message}`, { cause: error });
  });
  await file.writeFile(text);
  await file.sync();
  await rename(temporary, path);
  await using folder = await open(dirname(path), 'r');
  await folder.sync();
}

/** Null when there is no such file. */
export async function readIfExists(path: string): Promise<string | null> {
  try {
    return (await readBounded(path, { maxBytes: MAX_FILE_BYTES, noFollow: true })).bytes.toString();
  } catch (error) {
    if (error instanceof FileError && error.code === 'absent') return null;
    if (!(error instanceof FileError)) throw error;
    throw new FileError(error.code, `${path} cannot be read: ${error.message}`, { cause: error });
  }
}
