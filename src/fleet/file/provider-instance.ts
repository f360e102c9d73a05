import { z } from 'zod';
import { didYouMean } from '../../base/suggest.ts';
import type { ProviderInstance } from '../../model/fleet.ts';
import type { JsonObject } from '../../model/json.ts';
import { addProblems, parseExplained } from '../../settings/explain.ts';
import { isObject } from '../../settings/path.ts';
import { shown } from '../../settings/public.ts';
import type { ProviderSchemaSource } from '../../settings/settings-schema.ts';

/** What there is to be named under `providers`. */
export interface ProviderTypes {
  /** By name. */
  readonly providers: ReadonlyMap<string, ProviderSchemaSource>;
  /** Why packages of provider types (`npm:NAME`) that the file names cannot be used. */
  readonly refusedPackages: ReadonlyMap<string, string>;
  /** The folder of the fleet file, absolute: relative paths are resolved against it. */
  readonly baseDir: string;
}

/** `type`, and beside it the settings of an instance of that type, validated by its own schema. */
export function providerInstanceSchema({ providers: types, refusedPackages, baseDir }: ProviderTypes) {
  return z
    .looseObject({
      type: shown(z.string()).describe(
        'The type of the provider, such as `process`, or `npm:` and the name of a package.',
      ),
    })
    .transform((value, context): Omit<ProviderInstance, 'name'> => {
      const { type: name, ...settings } = value;
      const type = types.get(name);
      if (type === undefined) {
        const why = refusedPackages.get(name) ?? didYouMean(name, [...types.keys()]);
        const message = `there is no provider type ${JSON.stringify(name)}; ${why}`;
        context.issues.push({ code: 'custom', message, path: ['type'], input: name });
        return z.NEVER;
      }
      const result = parseExplained(instanceSettings(type, baseDir), settings, ['type']);
      if ('problems' in result) return addProblems(context, result.problems, settings);
      return { type: name, settings: result.value };
    });
}

/** The settings of an instance of a type: none, where it has no schema for them. */
export function instanceSettings(type: ProviderSchemaSource, baseDir: string): z.ZodType<JsonObject> {
  return type.providerSettingsSchema?.(baseDir) ?? z.strictObject({});
}

/** Whether launch templates may name the type itself, without an entry in `providers`. */
export function needsNoSettings(type: ProviderSchemaSource): boolean {
  return instanceSettings(type, '/').safeParse({}).success;
}

/**
 * The instances that a fleet file's value names, before it is known to be valid: what launch templates say is read by the types of these. An entry
 * that names no type has the type `''`; its own error is reported where it stands.
 */
export function providersIn(value: unknown): readonly Pick<ProviderInstance, 'name' | 'type'>[] {
  if (!isObject(value) || !isObject(value.providers)) return [];
  return Object.entries(value.providers).map(([name, entry]) => {
    const type = isObject(entry) && typeof entry.type === 'string' ? entry.type : '';
    return { name, type };
  });
}
