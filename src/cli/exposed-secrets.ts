import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Fleet } from '../model/fleet.ts';
import type { Json } from '../model/json.ts';

const OTHERS_READ = 0o004;
const OTHERS_ENTER = 0o001;
/** Names of settings, variables and headers that hold what nobody else is to know; the name of a file with it is no secret. */
const SECRET_NAME = /passw|passphrase|pwd|secret|token(?!s$)|credential|auth|api_?key|private_?key|cookie/i;
const FILE_NAME = /file$/i;
const URL_WITH_PASSWORD = /:\/\/[^\s/@]*:[^\s/@]+@/;

type ModeOf = (path: string) => Promise<number>;

/**
 * A warning for whoever keeps secrets in a fleet file that every user of the host can read; null when there is nothing to say.
 * `modeOf` gives the permissions of a file or folder.
 */
export async function exposedSecrets(
  fleetFile: string,
  fleet: Fleet,
  modeOf: ModeOf = modeOnHost,
): Promise<string | null> {
  const settings = fleet.autoScalingGroups.flatMap(({ launchTemplate, metrics }) => [
    launchTemplate.settings,
    ...metrics.map((metric) => metric.settings),
  ]);
  if (!settings.some((value) => holdsSecret('', value)) || !(await isReadableByOthers(fleetFile, modeOf))) return null;
  return `${fleetFile} holds secrets, and every user of this host can read it. Close it with: chmod o-rwx ${fleetFile}`;
}

function holdsSecret(name: string, value: Json): boolean {
  if (typeof value === 'string') {
    return URL_WITH_PASSWORD.test(value) || (value !== '' && SECRET_NAME.test(name) && !FILE_NAME.test(name));
  }
  if (typeof value !== 'object' || value === null) return false;
  return Object.entries(value).some(([key, part]) => holdsSecret(Array.isArray(value) ? name : key, part));
}

async function modeOnHost(path: string): Promise<number> {
  return (await stat(path)).mode;
}

async function isReadableByOthers(path: string, modeOf: ModeOf): Promise<boolean> {
  try {
    if (((await modeOf(path)) & OTHERS_READ) === 0) return false;
    for (let folder = dirname(path); ; folder = dirname(folder)) {
      if (((await modeOf(folder)) & OTHERS_ENTER) === 0) return false;
      if (folder === dirname(folder)) return true;
    }
  } catch {
    // Whether it can be read is said by who reads it.
    return false;
  }
}
