import { createHash } from 'node:crypto';
import { z } from 'zod';
import { didYouMean } from '../../base/suggest.ts';
import type { LaunchTemplate, ProviderInstance } from '../../model/fleet.ts';
import type { Json, JsonObject } from '../../model/json.ts';
import { addProblems, parseExplained } from '../../settings/explain.ts';
import { shown } from '../../settings/public.ts';
import type { NotifierSchemaSource, SettingsSchemaSource } from '../../settings/settings-schema.ts';
import { typesByName } from '../providers.ts';
import { needsNoSettings, type ProviderTypes } from './provider-instance.ts';

export interface FleetFileContext extends ProviderTypes {
  /** The provider instances that the file names, which may have errors of their own. */
  readonly instances: readonly Pick<ProviderInstance, 'name' | 'type'>[];
  /** Metric sources, by name. */
  readonly sources: ReadonlyMap<string, SettingsSchemaSource>;
  /** Types of notifications, by name. */
  readonly notifiers: ReadonlyMap<string, NotifierSchemaSource>;
}

/** `provider`, `weight`, and beside them the settings of that provider, validated by its own schema. */
export function launchTemplateSchema({ providers, instances, baseDir }: FleetFileContext) {
  const byName = typesByName(providers, instances);
  const isNamed = (name: string) => instances.some((instance) => instance.name === name);
  return z
    .looseObject({
      provider: shown(z.string()).describe(
        'Where the servers come from: an instance under `providers`, or a provider type that needs no settings.',
      ),
      weight: z
        .int()
        .min(1)
        .max(256)
        .default(100)
        .describe('The share of requests that a server gets with weightedRoundRobin, relative to the others.'),
      zones: preference('zone').describe(
        "Those of the provider's zones that servers may be in, the preferred first; they are spread evenly. Default: all of them.",
      ),
      instanceTypes: preference('instance type').describe(
        'What servers may be, the preferred first: the next one is tried where there is no room.',
      ),
    })
    .transform((value, context): LaunchTemplate => {
      const { provider, weight, zones, instanceTypes, ...settings } = value;
      const common = { provider, weight, zones, instanceTypes };
      const refuse = (message: string) => {
        context.issues.push({ code: 'custom', message, path: ['provider'], input: provider });
        return z.NEVER;
      };
      const source = byName.get(provider);
      // What is wrong with its entry is said there.
      if (source === undefined && isNamed(provider)) return { ...common, settings: {}, version: '' };
      if (source === undefined) {
        return refuse(`there is no provider ${JSON.stringify(provider)}; ${didYouMean(provider, [...byName.keys()])}`);
      }
      if (!isNamed(provider) && !needsNoSettings(source)) {
        return refuse(`a provider of type ${provider} needs settings; describe one under providers and name it here`);
      }
      const result = parseExplained(source.settingsSchema(baseDir), settings, Object.keys(common));
      if ('problems' in result) return addProblems(context, result.problems, settings);
      return { ...common, settings: result.value, version: version(common, result.value) };
    });
}

const MAX_PREFERENCES = 32;

/** Names in the order in which they are tried. */
function preference(what: string) {
  return z
    .array(
      shown(z.string()).regex(/^[A-Za-z0-9][A-Za-z0-9_.:/-]{0,63}$/, {
        error: `the name of a ${what} has letters, digits and _ . : / -, at most 64`,
      }),
    )
    .max(MAX_PREFERENCES)
    .refine((names) => new Set(names).size === names.length, { error: `each ${what} is named once` })
    .default([]);
}

const VERSION_CHARACTERS = 12;

/** The same for the same content, in whatever order the file names it. */
function version(common: Omit<LaunchTemplate, 'settings' | 'version'>, settings: JsonObject): string {
  const { provider, weight, zones, instanceTypes } = common;
  // What names neither is the same as before there were any.
  const places = zones.length > 0 || instanceTypes.length > 0 ? { instanceTypes, zones } : {};
  const text = JSON.stringify({ ...places, provider, settings, weight }, (_key, value: Json) =>
    typeof value === 'object' && value !== null && !Array.isArray(value) ? sorted(value) : value,
  );
  return createHash('sha256').update(text).digest('hex').slice(0, VERSION_CHARACTERS);
}

function sorted(object: object): object {
  return Object.fromEntries(Object.entries(object).sort(([a], [b]) => (a < b ? -1 : 1)));
}
