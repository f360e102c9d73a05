import { z } from 'zod';
import { FileError, readBoundedSync, replaceSync } from '../base/files.ts';
import { ROLES } from './caller.ts';
import type { KeptSession, SessionMemory } from './sessions.ts';

const MAX_FILE_BYTES = 1024 * 1024;

const keptSessions = z.array(
  z.strictObject({
    digest: z.string(),
    csrfToken: z.string(),
    until: z.number(),
    caller: z.strictObject({ name: z.string(), role: z.enum(ROLES), groups: z.array(z.string()).nullable() }),
  }),
);

/**
 * Sessions in a file of the data folder, so that a restart of the controller logs nobody out. It has no secret that logs in: only digests. A file
 * that cannot be read or written costs a new log-in, no more.
 */
export function sessionFile(path: string, onProblem: (message: string) => void): SessionMemory {
  return {
    load: () => {
      try {
        const text = readBoundedSync(path, { maxBytes: MAX_FILE_BYTES, noFollow: true }).bytes.toString();
        return keptSessions.parse(JSON.parse(text));
      } catch (error) {
        if (!(error instanceof FileError && error.code === 'absent'))
          onProblem(`${path}: nobody is logged in any more`);
        return [];
      }
    },
    save: (sessions: readonly KeptSession[]) => {
      try {
        replaceSync(path, JSON.stringify(sessions));
      } catch (error) {
        onProblem(`${path} cannot be written: ${error instanceof Error ? error.message : String(error)}`);
      }
    },
  };
}
