/**
 * How programs of the user's are started, servers and commands alike: as if the user had started them, with nothing of Drover's
 * own runtime.
 */

import { accessSync, closeSync, constants, openSync, readSync, statSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { env } from 'node:process';

/** What they get of the environment that Drover was started in: nothing that is secret. */
const INHERITED_VARIABLES = ['PATH', 'HOME', 'LANG', 'TZ', 'USER'];

/** The soft limit of open files that Drover was started with, from bin/drover. */
const OPEN_FILES_VARIABLE = 'DROVER_OPEN_FILES';

/** Of util-linux. It becomes the program, which so keeps the pid. */
const PRLIMIT = 'prlimit';
const SYSTEM_FOLDERS = ['/usr/bin', '/bin', '/usr/local/bin'];

/** Linux reads no more of a script's first line. */
const INTERPRETER_LINE_BYTES = 256;

export function inheritedEnvironment(): Record<string, string> {
  return Object.fromEntries(
    INHERITED_VARIABLES.flatMap((name) => {
      const value = env[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

/**
 * The command with the user's own limit of open files: Node.js raises the soft one to the hard one. As it is where that is not known,
 * where `prlimit` is missing, and where the program cannot be run: so that whoever starts it learns why.
 */
export function limited(
  command: readonly string[],
  { path, workingDirectory }: { readonly path: string; readonly workingDirectory: string },
): readonly string[] {
  const soft = env[OPEN_FILES_VARIABLE] ?? '';
  const [program = ''] = command;
  if (!/^(\d+|unlimited)$/.test(soft) || !isProgram(program, path, workingDirectory)) return command;
  const prlimit = SYSTEM_FOLDERS.map((folder) => join(folder, PRLIMIT)).find(isExecutable);
  return prlimit === undefined ? command : [prlimit, `--nofile=${soft}:`, '--', ...command];
}

/** Whether the system would run the program: by its path, or by the first in PATH where it has no `/`. */
export function isProgram(program: string, path: string, workingDirectory: string): boolean {
  const folders = program.includes('/') ? [''] : path.split(delimiter);
  const found = folders.map((folder) => resolve(workingDirectory, folder, program)).find(isExecutable);
  if (found === undefined) return false;
  const interpreter = interpreterOf(found);
  return interpreter === null || isExecutable(resolve(workingDirectory, interpreter));
}

/** What a script names after `#!`; null for any other program. */
function interpreterOf(path: string): string | null {
  const start = Buffer.alloc(INTERPRETER_LINE_BYTES);
  try {
    const file = openSync(path, 'r');
    readSync(file, start);
    closeSync(file);
  } catch {
    // It may be run without being read.
    return null;
  }
  return /^#![ \t]*([^ \t\n\0]+)/.exec(start.toString())?.[1] ?? null;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
