import type { ProviderType } from '../ports/provider.ts';
import { execProvider } from './exec/index.ts';
import { libvirtProvider } from './libvirt/index.ts';
import { processProvider } from './process/index.ts';

/** Every kind of provider, by the name that a launch template gives. */
export const providerTypes: ReadonlyMap<string, ProviderType> = new Map(
  [execProvider, libvirtProvider, processProvider].map((type) => [type.name, type]),
);
