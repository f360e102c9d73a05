import { z } from 'zod';
import { PACKAGE_TYPE } from '../../model/fleet.ts';
import { type IsPublic, publicBySchema, publicity } from '../../settings/public.ts';
import type { SettingsSchemaSource, SettingsTypes } from '../../settings/settings-schema.ts';
import { typesByName } from '../providers.ts';
import type { FleetFileContext } from './launch-template.ts';
import { instanceSettings, providersIn } from './provider-instance.ts';
import { fleetFileSchema } from './schema.ts';

type Schema = z.core.JSONSchema.BaseSchema;
type Metadata = typeof z.globalRegistry | typeof publicity;

/** A JSON Schema of the fleet file for editors, with the settings of each provider, metric source and type of notifications. */
export function fleetJsonSchema(types: SettingsTypes): Schema {
  const schema = composed(types, [], z.globalRegistry);
  const title = 'Drover fleet file';
  const description = 'Load balancers, target groups and auto scaling groups. The reference is docs/fleet-file.md.';
  return { ...schema, title, description };
}

/** Whether what stands at a path of a fleet file's value may be shown. */
export function publicInFleet(types: SettingsTypes, value: unknown): IsPublic {
  return publicBySchema(composed(types, providersIn(value), publicity), value);
}

function composed(
  { providers, sources, notifiers = new Map() }: SettingsTypes,
  instances: FleetFileContext['instances'],
  metadata: Metadata,
): Schema {
  const context = { providers, refusedPackages: new Map(), sources, notifiers, instances, baseDir: '/' };
  return z.toJSONSchema(fleetFileSchema(context), {
    metadata,
    io: 'input',
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema, path }) => {
      if (zodSchema._zod.def.type !== 'object') return;
      if (path.at(-1) === 'launchTemplate') {
        const known = settingsOf(typesByName(providers, instances));
        oneOfKinds(jsonSchema, 'provider', known, metadata);
        jsonSchema.oneOf?.push(ofAnotherInstance([...known.keys()]));
      }
      if (path.at(-2) === 'metrics') oneOfKinds(jsonSchema, 'source', settingsOf(sources), metadata);
      if (path.at(-2) === 'notifications') oneOfKinds(jsonSchema, 'type', settingsOf(notifiers), metadata);
      if (path.at(-2) === 'providers') {
        const own = new Map([...providers].map(([name, type]) => [name, instanceSettings(type, '/')] as const));
        oneOfKinds(jsonSchema, 'type', own, metadata);
        jsonSchema.oneOf?.push(OF_A_PACKAGE);
      }
    },
  });
}

function settingsOf(types: ReadonlyMap<string, SettingsSchemaSource>): ReadonlyMap<string, z.ZodType> {
  return new Map([...types].map(([name, type]) => [name, type.settingsSchema('/')]));
}

/** Settings stand beside the keys that all kinds have, so one object describes them all. */
function oneOfKinds(schema: Schema, key: string, kinds: ReadonlyMap<string, z.ZodType>, metadata: Metadata): void {
  const common = schema.properties ?? {};
  schema.oneOf = [...kinds].flatMap(([name, settings]) =>
    shapes(described(settings, metadata)).map((own) => ({
      ...own,
      type: 'object' as const,
      properties: { ...common, [key]: { ...asObject(common[key]), const: name }, ...own.properties },
      required: [key, ...(own.required ?? [])],
    })),
  );
  delete schema.properties;
  delete schema.additionalProperties;
}

/** A template of an instance whose name only the file knows: its settings are those of that instance's type, whichever it is. */
function ofAnotherInstance(known: readonly string[]): Schema {
  return {
    type: 'object',
    properties: { provider: { type: 'string', not: { enum: [...known] } } },
    required: ['provider'],
  };
}

/** What its settings are, only the package knows. */
const OF_A_PACKAGE: Schema = {
  type: 'object',
  properties: { type: { type: 'string', pattern: `^${PACKAGE_TYPE}` } },
  required: ['type'],
};

/** A kind may have several shapes itself: queues of different brokers. */
function shapes(own: Schema): Schema[] {
  return own.oneOf === undefined ? [own] : own.oneOf.map(asObject);
}

function described(settings: z.ZodType, metadata: Metadata): Schema {
  const options = { metadata, io: 'input', unrepresentable: 'any' } as const;
  const { $schema: _, ...schema } = z.toJSONSchema(settings, options);
  return schema;
}

function asObject(schema: Schema | boolean | undefined): Schema {
  return typeof schema === 'object' ? schema : {};
}
