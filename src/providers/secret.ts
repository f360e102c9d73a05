import { SecretError, type SecretOptions, secretFromFile, secretFromVariable } from '../base/secrets.ts';
import { PortError } from '../ports/errors.ts';
import type { SecretSettings } from '../settings/secret.ts';

/** Reads a secret anew, so that it may be changed at any time. @throws PortError `Unauthorized`, which never quotes it */
export async function readSecret({ file, variable }: SecretSettings, options: SecretOptions = {}): Promise<string> {
  try {
    return file === null ? secretFromVariable(variable, options) : await secretFromFile(file, options);
  } catch (error) {
    if (error instanceof SecretError) throw new PortError('Unauthorized', 'secret', error.message, { cause: error });
    throw error;
  }
}
