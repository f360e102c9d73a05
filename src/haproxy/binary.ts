import { execFile } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { errorCode, isProgrammingError } from '../base/system-error.ts';
import { PortError } from '../ports/errors.ts';
import { type Capabilities, capabilitiesOf, isSupported, OLDEST_SUPPORTED, parseVersion } from './capabilities.ts';

const run = promisify(execFile);

const INSTALL = 'sudo apt-get install -y haproxy';
const RUN_TIMEOUT_MS = 10_000;
const MAX_OUTPUT_BYTES = 1024 * 1024;
/** Where distributions put it, which is not on every user's PATH. */
const SYSTEM_FOLDERS = ['/usr/local/sbin', '/usr/sbin', '/sbin'];

export interface Binary {
  readonly path: string;
  readonly version: string;
  readonly capabilities: Capabilities;
}

/** @throws PortError `Unsupported` when there is no HAProxy or an older one than 2.6 */
export async function findBinary(given: string | undefined, signal: AbortSignal): Promise<Binary> {
  const path = given ?? (await onPath());
  const version = parseVersion(await versionOutput(path, signal));
  if (version === null) throw new PortError('Unsupported', 'haproxyMissing', `${path} is not HAProxy`);
  if (!isSupported(version)) {
    throw new PortError(
      'Unsupported',
      'haproxyTooOld',
      `${path} is HAProxy ${version.text}; ${OLDEST_SUPPORTED} or newer is needed`,
    );
  }
  return { path, version: version.text, capabilities: capabilitiesOf(version) };
}

/** @throws PortError `Invalid` with HAProxy's own words when it refuses the file */
export async function validate(binary: Binary, configPath: string, signal: AbortSignal): Promise<void> {
  try {
    await run(binary.path, ['-c', '-f', configPath], { env: {}, ...bounds(signal) });
  } catch (error) {
    if (isProgrammingError(error)) throw error;
    const output = error instanceof Error && 'stderr' in error ? String(error.stderr) : '';
    const alerts = alertsIn(output);
    if (alerts === '')
      throw new PortError('Transient', 'haproxyCheckFailed', `${binary.path} -c did not run`, { cause: error });
    throw new PortError('Invalid', 'configurationRefused', `HAProxy refuses the configuration: ${alerts}`);
  }
}

/** The first few of HAProxy's complaints, as one sentence. */
export function alertsIn(output: string): string {
  const alerts = output.split('\n').flatMap((line) => /^\[ALERT\]\s+\(\d+\) : (.+)$/.exec(line)?.[1]?.trim() ?? []);
  return alerts.slice(0, 3).join('; ');
}

async function versionOutput(path: string, signal: AbortSignal): Promise<string> {
  try {
    return (await run(path, ['-v'], { env: {}, ...bounds(signal) })).stdout;
  } catch (error) {
    if (isProgrammingError(error)) throw error;
    if (errorCode(error) === 'ENOENT') throw missing(path);
    throw new PortError('Transient', 'haproxyCheckFailed', `${path} -v did not run`, { cause: error });
  }
}

async function onPath(): Promise<string> {
  const folders = [...(process.env.PATH ?? '').split(delimiter), ...SYSTEM_FOLDERS];
  for (const folder of folders.filter((name) => name !== '')) {
    const path = join(folder, 'haproxy');
    if (await isExecutable(path)) return path;
  }
  throw missing('haproxy');
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function missing(path: string): PortError {
  return new PortError('Unsupported', 'haproxyMissing', `${path} is not installed; on Debian and Ubuntu: ${INSTALL}`);
}

function bounds(signal: AbortSignal): { timeout: number; maxBuffer: number; signal: AbortSignal } {
  return { timeout: RUN_TIMEOUT_MS, maxBuffer: MAX_OUTPUT_BYTES, signal };
}
