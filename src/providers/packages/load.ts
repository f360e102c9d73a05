/** Provider types from npm packages. Whoever runs Drover names the folder that they are loaded from: no fleet file alone makes it run code. */

import { existsSync, realpathSync } from 'node:fs';
import { createRequire, registerHooks } from 'node:module';
import { join, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { oneLine, reasonOf } from '../../base/quoted.ts';
import { errorCode } from '../../base/system-error.ts';
import { whyUntrusted } from '../../base/trusted-path.ts';
import type { ProviderType } from '../../ports/provider.ts';
import { isObject } from '../../settings/path.ts';
import type { PackagedProvider } from './api.ts';
import { checked, whyNoProvider } from './checked.ts';

/** What names the folder, in Drover's own environment. */
export const PACKAGES_VARIABLE = 'DROVER_PACKAGES';

const NAME = /^(?:@[a-z0-9~-][a-z0-9._~-]*\/)?[a-z0-9~-][a-z0-9._~-]*$/;
const OUR_NAME = 'drover/provider';
const OUR_FOLDER = join(import.meta.dirname, '..', '..', '..') + sep;

/** The type cannot be used. The message goes on after its name and a semicolon. */
export class PackageError extends Error {
  constructor(message: string, options?: { cause: unknown }) {
    super(message, options);
    this.name = 'PackageError';
  }
}

/**
 * Loads a package, with all that it imports: each file must be one that only root and this user can have put there. What it imports as
 * `drover/provider` is this very Drover.
 * @param name as npm has it
 * @param folder the folder whose `node_modules` it is in; undefined where none is named
 * @param type the name of the type, as the fleet file has it
 * @throws PackageError
 */
export function loadPackage(name: string, folder: string | undefined, type: string): ProviderType {
  if (!NAME.test(name)) throw new PackageError('it is no name of an npm package');
  if (folder === undefined || folder === '') {
    throw new PackageError(
      `packages are loaded only from the folder that ${PACKAGES_VARIABLE} names: install it there (npm install --prefix <folder> ${name}) and start Drover with ${PACKAGES_VARIABLE}=<folder>`,
    );
  }
  const place = resolve(folder);
  if (!existsSync(join(place, 'node_modules', name, 'package.json'))) {
    throw new PackageError(`it is not installed in ${place}: npm install --prefix ${place} ${name}`);
  }
  const exported = defaultExport(name, place);
  const why = whyNoProvider(exported);
  if (why !== null) throw new PackageError(why);
  return checked(type, exported as PackagedProvider);
}

function defaultExport(name: string, place: string): unknown {
  guardImports();
  const load = createRequire(join(place, 'package.json'));
  try {
    const path = load.resolve(name);
    refuseUntrusted(join(place, 'node_modules', name));
    refuseUntrusted(path);
    const loaded: unknown = load(path);
    return isObject(loaded) && 'default' in loaded ? loaded.default : loaded;
  } catch (error) {
    if (error instanceof PackageError) throw error;
    throw new PackageError(`it cannot be loaded: ${hint(error)}`, { cause: error });
  }
}

/** Node's own messages speak of `require`, which the package's author has not written. */
function hint(error: unknown): string {
  switch (errorCode(error)) {
    case 'ERR_REQUIRE_ASYNC_MODULE':
      return 'a provider may not wait (await) while it is loaded';
    case 'ERR_PACKAGE_PATH_NOT_EXPORTED':
      return 'its package.json exports nothing for it: write "exports": "./index.js"';
    case 'ERR_UNSUPPORTED_NODE_MODULES_TYPE_STRIPPING':
      return 'packages are installed as JavaScript: compile its TypeScript first, or link its folder (npm install ../its-folder)';
    default:
      return oneLine(reasonOf(error));
  }
}

function refuseUntrusted(path: string): void {
  const why = whyUntrusted(path);
  if (why === null) return;
  throw new PackageError(
    `it is not safe to load: ${why}, and Drover would run what is put there. Make it yours alone (chmod go-w, chown)`,
  );
}

let isGuarded = false;

/** From the first package on, each file that is imported from outside of Drover's own folder is asked for, also later. */
function guardImports(): void {
  if (isGuarded) return;
  isGuarded = true;
  const api = new URL('./api.ts', import.meta.url).href;
  registerHooks({
    resolve: (specifier, context, next) =>
      specifier === OUR_NAME ? { url: api, shortCircuit: true } : next(specifier, context),
    load: (url, context, next) => {
      if (url.startsWith('file:')) {
        const path = realpathSync(fileURLToPath(url));
        if (!path.startsWith(OUR_FOLDER)) refuseUntrusted(path);
      }
      return next(url, context);
    },
  });
}
