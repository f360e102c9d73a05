import { env } from 'node:process';
import { PACKAGE_TYPE } from '../model/fleet.ts';
import type { ProviderType } from '../ports/provider.ts';
import { awsProvider } from './aws/index.ts';
import { azureProvider } from './azure/index.ts';
import { dockerProvider } from './docker/index.ts';
import { execProvider } from './exec/index.ts';
import { hetznerProvider } from './hetzner/index.ts';
import { incusProvider } from './incus/index.ts';
import { libvirtProvider } from './libvirt/index.ts';
import { loadPackage, PACKAGES_VARIABLE, PackageError } from './packages/load.ts';
import { processProvider } from './process/index.ts';
import { staticProvider } from './static/index.ts';
import { vagrantProvider } from './vagrant/index.ts';

const OWN: readonly ProviderType[] = [
  awsProvider,
  azureProvider,
  dockerProvider,
  execProvider,
  hetznerProvider,
  incusProvider,
  libvirtProvider,
  processProvider,
  staticProvider,
  vagrantProvider,
];

const types = new Map<string, ProviderType>(OWN.map((type) => [type.name, type]));

/** Every kind of provider, by the name that a fleet file gives: ours, and those of packages that were loaded. */
export const providerTypes: ReadonlyMap<string, ProviderType> = types;

/** Makes a package's type known, once in a process. @param type `npm:NAME` @returns why it cannot be used; null if it can */
export function usePackage(type: string): string | null {
  if (types.has(type)) return null;
  try {
    types.set(type, loadPackage(type.slice(PACKAGE_TYPE.length), env[PACKAGES_VARIABLE], type));
    return null;
  } catch (error) {
    if (error instanceof PackageError) return error.message;
    throw error;
  }
}
