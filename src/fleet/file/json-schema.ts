import { z } from 'zod';
import { type IsPublic, publicBySchema, publicity } from '../../settings/public.ts';
import type { SettingsSchemaSource } from '../../settings/settings-schema.ts';
import { fleetFileSchema } from './schema.ts';

type Schema = z.core.JSONSchema.BaseSchema;
type Metadata = typeof z.globalRegistry | typeof publicity;

/** A JSON Schema of the fleet file for editors, with the settings of each provider and of each metric source. */
export function fleetJsonSchema(
  providers: ReadonlyMap<string, SettingsSchemaSource>,
  sources: ReadonlyMap<string, SettingsSchemaSource>,
): Schema {
  const schema = composed(providers, sources, z.globalRegistry);
  const title = 'Drover fleet file';
  const description = 'Load balancers, target groups and auto scaling groups. The reference is docs/fleet-file.md.';
  return { ...schema, title, description };
}

/** Whether what stands at a path of a fleet file's value may be shown. */
export function publicInFleet(
  providers: ReadonlyMap<string, SettingsSchemaSource>,
  sources: ReadonlyMap<string, SettingsSchemaSource>,
  value: unknown,
): IsPublic {
  return publicBySchema(composed(providers, sources, publicity), value);
}

function composed(
  providers: ReadonlyMap<string, SettingsSchemaSource>,
  sources: ReadonlyMap<string, SettingsSchemaSource>,
  metadata: Metadata,
): Schema {
  return z.toJSONSchema(fleetFileSchema({ providers, sources, baseDir: '/' }), {
    metadata,
    io: 'input',
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema, path }) => {
      if (zodSchema._zod.def.type !== 'object') return;
      if (path.at(-1) === 'launchTemplate') oneOfKinds(jsonSchema, 'provider', providers, metadata);
      if (path.at(-2) === 'metrics') oneOfKinds(jsonSchema, 'source', sources, metadata);
    },
  });
}

/** Settings stand beside the keys that all kinds have, so one object describes them all. */
function oneOfKinds(
  schema: Schema,
  key: string,
  kinds: ReadonlyMap<string, SettingsSchemaSource>,
  metadata: Metadata,
): void {
  const common = schema.properties ?? {};
  schema.oneOf = [...kinds].flatMap(([name, source]) =>
    shapes(settings(source, metadata)).map((own) => ({
      ...own,
      type: 'object' as const,
      properties: { ...common, [key]: { ...asObject(common[key]), const: name }, ...own.properties },
      required: [key, ...(own.required ?? [])],
    })),
  );
  delete schema.properties;
  delete schema.additionalProperties;
}

/** A kind may have several shapes itself: queues of different brokers. */
function shapes(own: Schema): Schema[] {
  return own.oneOf === undefined ? [own] : own.oneOf.map(asObject);
}

function settings(source: SettingsSchemaSource, metadata: Metadata): Schema {
  const options = { metadata, io: 'input', unrepresentable: 'any' } as const;
  const { $schema: _, ...schema } = z.toJSONSchema(source.settingsSchema('/'), options);
  return schema;
}

function asObject(schema: Schema | boolean | undefined): Schema {
  return typeof schema === 'object' ? schema : {};
}
