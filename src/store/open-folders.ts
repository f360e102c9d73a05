import { lstatSync, readdirSync, readlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';

const PROC = '/proc';
const OPEN_FOR_WRITING = 0o200;
const DELETED = / \(deleted\)$/;

/**
 * The folders in which some process of this host has a file open for writing, as far as this user may see that, and all folders around
 * them: by the names that they have now, whatever they were called when the files were opened.
 */
export function foldersWrittenTo(): ReadonlySet<string> {
  const folders = new Set<string>();
  for (const pid of list(PROC).filter((name) => /^\d+$/.test(name))) {
    const descriptors = join(PROC, pid, 'fd');
    for (const descriptor of list(descriptors)) {
      const path = writtenTo(join(descriptors, descriptor));
      for (let folder = path; folder !== null && !folders.has(folder); folder = parentOf(folder)) folders.add(folder);
    }
  }
  return folders;
}

/** The folder of the file; null for what is none that has a name, or is open for reading only. */
function writtenTo(descriptor: string): string | null {
  try {
    if ((lstatSync(descriptor).mode & OPEN_FOR_WRITING) === 0) return null;
    const path = readlinkSync(descriptor);
    return path.startsWith('/') && !DELETED.test(path) ? dirname(path) : null;
  } catch {
    // Closed meanwhile.
    return null;
  }
}

function parentOf(folder: string): string | null {
  const parent = dirname(folder);
  return parent === folder ? null : parent;
}

/** Empty for what is gone, or another user's. */
function list(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
