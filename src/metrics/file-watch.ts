import { type FSWatcher, watch } from 'node:fs';
import { basename, dirname } from 'node:path';
import type { Clock } from '../ports/clock.ts';

/** How often a folder that cannot be watched (it is missing, the host's watches are used up) is tried again. */
const WATCH_RETRY_MS = 2_000;

/**
 * Calls back when a file may have been written, replaced, made or removed; returns the way to stop. Its folder is watched, as
 * a watch on the file itself would stay with the old one when an editor puts a new one in its place. Only a hint: changes
 * behind a symbolic link, and those on network file systems by other hosts, are not seen.
 */
export function watchFile(path: string, clock: Clock, onChange: () => void): () => void {
  const stop = new AbortController();
  void keepWatching(path, clock, onChange, stop.signal);
  return () => stop.abort();
}

async function keepWatching(path: string, clock: Clock, onChange: () => void, stop: AbortSignal): Promise<void> {
  for (let wasBlind = false; !stop.aborted; ) {
    const watcher = startWatching(dirname(path), stop);
    if (watcher === null) {
      wasBlind = true;
      await clock.sleep(WATCH_RETRY_MS, stop);
      continue;
    }
    if (wasBlind) onChange();
    await untilLost(watcher, path, onChange);
    wasBlind = true;
  }
}

function startWatching(folder: string, stop: AbortSignal): FSWatcher | null {
  try {
    return watch(folder, { signal: stop });
  } catch {
    return null;
  }
}

/** Resolves when the watch was stopped or has failed, or the folder itself was moved or removed: then another folder may be in its place. */
async function untilLost(watcher: FSWatcher, path: string, onChange: () => void): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const folderName = basename(dirname(path));
  watcher.on('change', (type, name) => {
    if (name === null || name === basename(path)) onChange();
    else if (type === 'rename' && name === folderName) resolve();
  });
  watcher.on('error', () => resolve());
  watcher.on('close', () => resolve());
  await promise;
  watcher.close();
}
