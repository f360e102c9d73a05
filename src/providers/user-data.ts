import { FileError, readBounded } from '../base/files.ts';
import { PortError } from '../ports/errors.ts';
import type { LaunchRequest } from '../ports/provider.ts';
import {
  digestOf,
  fillIn,
  MAX_USER_DATA_BYTES,
  secretNameIn,
  type UserDataSettings,
  type UserDataVariable,
} from '../settings/user-data.ts';
import { readSecret } from './secret.ts';

export interface UserDataUse {
  readonly fleet: string;
  readonly request: LaunchRequest;
  /** The most that the provider takes, filled in. */
  readonly maxBytes: number;
}

/**
 * The user data of one server: variables and secrets are filled in. It holds secrets, so it goes to the provider and nowhere else.
 * @throws PortError `Invalid` where it cannot be used, `Unauthorized` where a secret cannot be read
 */
export async function renderUserData(settings: UserDataSettings, use: UserDataUse): Promise<string> {
  const secrets = new Map<string, string>();
  for (const [name, secret] of Object.entries(settings.secrets)) {
    secrets.set(name, await readSecret(secret, { isMultiline: true }));
  }
  const variables = variablesOf(use);
  const text = fillIn(settings.text ?? (await contentOf(settings)), (name) => {
    const secret = secretNameIn(name);
    const value = secret === null ? variables.get(name) : secrets.get(secret);
    if (value === undefined)
      throw new PortError('Invalid', 'userData', `the user data names drover.${name}, which is nothing that there is`);
    return value;
  });
  if (Buffer.byteLength(text) <= use.maxBytes) return text;
  throw new PortError(
    'Invalid',
    'userDataTooLarge',
    `the user data is larger than the ${use.maxBytes} bytes that the provider takes; let it fetch the rest`,
  );
}

/** What tells servers apart, by the names that user data and commands have for it. */
function variablesOf({ fleet, request }: Pick<UserDataUse, 'fleet' | 'request'>): ReadonlyMap<string, string> {
  const { instanceId, group, launchTemplateVersion, placement } = request;
  const values: Record<UserDataVariable, string> = {
    instanceId,
    group,
    fleet,
    zone: placement.zone ?? '',
    instanceType: placement.instanceType ?? '',
    launchTemplateVersion,
  };
  return new Map(Object.entries(values));
}

async function contentOf({ file }: UserDataSettings): Promise<string> {
  if (file === null) return '';
  try {
    const { bytes } = await readBounded(file.path, { maxBytes: MAX_USER_DATA_BYTES });
    if (digestOf(bytes) === file.digest) return bytes.toString();
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    throw new PortError('Invalid', 'userDataFile', `${file.path} cannot be read: ${error.message}`, { cause: error });
  }
  throw new PortError(
    'Invalid',
    'userDataChanged',
    `${file.path} is another one than when the fleet file was read; reload the fleet to use it`,
  );
}
