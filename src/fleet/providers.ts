import { isDeepStrictEqual } from 'node:util';
import { type Fleet, PACKAGE_TYPE, type ProviderInstance } from '../model/fleet.ts';

/** The instance that a name stands for: the one that the fleet file describes, or else a type by its own name, without settings. */
export function providerNamed({ providers }: Pick<Fleet, 'providers'>, name: string): ProviderInstance {
  return providers.find((provider) => provider.name === name) ?? { name, type: name, settings: {} };
}

/** Types by what launch templates call them: each named instance's, and those that need no name. A package's needs one. */
export function typesByName<T>(
  types: ReadonlyMap<string, T>,
  providers: readonly Pick<ProviderInstance, 'name' | 'type'>[],
): ReadonlyMap<string, T> {
  const named = providers.flatMap(({ name, type }): [string, T][] => {
    const found = types.get(type);
    return found === undefined ? [] : [[name, found]];
  });
  return new Map([...[...types].filter(([name]) => !name.startsWith(PACKAGE_TYPE)), ...named]);
}

/** Whether one stands for the same machines as the other, with the same access to them. */
export function isSameProvider(one: ProviderInstance, other: ProviderInstance): boolean {
  return one.type === other.type && isDeepStrictEqual(one.settings, other.settings);
}
