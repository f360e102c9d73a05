import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ProgramError, runProgram, whyFailed } from '../../base/run-program.ts';
import { inheritedEnvironment, isProgram } from '../../base/user-program.ts';
import type { Clock } from '../../ports/clock.ts';
import { PortError } from '../../ports/errors.ts';

/** Each makes an ISO of the files that it is given; they take the same arguments. */
const TOOLS: readonly (readonly string[])[] = [['genisoimage'], ['xorrisofs'], ['mkisofs']];
const MAX_OUTPUT_BYTES = 65_536;
/** By which cloud-init knows the disk. */
const LABEL = 'cidata';

export const NO_ISO_TOOL =
  'user data needs genisoimage, xorriso or mkisofs on the host that Drover runs on; install one';

/** The program that makes the seed; null where there is none. */
export function isoTool(): readonly string[] | null {
  const path = inheritedEnvironment().PATH ?? '';
  return TOOLS.find(([program = '']) => isProgram(program, path, '/')) ?? null;
}

/**
 * Writes what cloud-init reads at the first boot (its NoCloud data source) as an ISO into the folder, which is Drover's own, and returns its path.
 * @throws PortError
 */
export async function writeSeed(
  { folder, instanceId, userData }: { readonly folder: string; readonly instanceId: string; readonly userData: string },
  clock: Clock,
  signal: AbortSignal,
): Promise<string> {
  const tool = isoTool();
  if (tool === null) throw new PortError('Invalid', 'noIsoTool', NO_ISO_TOOL);
  // JSON is YAML, and quotes what has to be.
  const metaData = JSON.stringify({ 'instance-id': instanceId, 'local-hostname': instanceId });
  await writeFile(join(folder, 'user-data'), userData, { mode: 0o600 });
  await writeFile(join(folder, 'meta-data'), `${metaData}\n`, { mode: 0o600 });
  const command = [
    ...tool,
    '-quiet',
    '-output',
    'seed.iso',
    '-volid',
    LABEL,
    '-joliet',
    '-rock',
    'user-data',
    'meta-data',
  ];
  try {
    const end = await runProgram(
      { command, workingDirectory: folder, maxOutputBytes: MAX_OUTPUT_BYTES },
      clock,
      signal,
    );
    const why = whyFailed(end);
    if (why !== null)
      throw new PortError('Transient', 'seed', `the seed for cloud-init was not made: ${tool[0]} ${why}`);
  } catch (error) {
    if (!(error instanceof ProgramError)) throw error;
    throw new PortError('Transient', 'seed', `the seed for cloud-init was not made: ${tool[0]} ${error.message}`, {
      cause: error,
    });
  }
  return join(folder, 'seed.iso');
}
