import { z } from 'zod';
import type { SettingsSchemaSource } from './launch-template.ts';
import { fleetFileSchema } from './schema.ts';

type Schema = z.core.JSONSchema.BaseSchema;

/** A JSON Schema of the fleet file for editors, with the settings of each provider. */
export function fleetJsonSchema(providers: ReadonlyMap<string, SettingsSchemaSource>): Schema {
  const schema = z.toJSONSchema(fleetFileSchema({ providers, baseDir: '/' }), {
    io: 'input',
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema, path }) => {
      if (path.at(-1) !== 'launchTemplate' || zodSchema._zod.def.type !== 'object') return;
      const common = jsonSchema.properties ?? {};
      jsonSchema.oneOf = [...providers].map(([name, source]) => launchTemplate(name, common, settings(source)));
      delete jsonSchema.properties;
      delete jsonSchema.additionalProperties;
    },
  });
  const title = 'Drover fleet file';
  const description = 'Load balancers, target groups and auto scaling groups. The reference is docs/fleet-file.md.';
  return { ...schema, title, description };
}

/** Settings stand beside `provider` and `weight`, so one object describes them all. */
function launchTemplate(name: string, common: NonNullable<Schema['properties']>, own: Schema): Schema {
  return {
    ...own,
    type: 'object',
    properties: { ...common, provider: { ...asObject(common.provider), const: name }, ...own.properties },
    required: ['provider', ...(own.required ?? [])],
  };
}

function settings(source: SettingsSchemaSource): Schema {
  const { $schema: _, ...schema } = z.toJSONSchema(source.settingsSchema('/'), { io: 'input', unrepresentable: 'any' });
  return schema;
}

function asObject(schema: Schema | boolean | undefined): Schema {
  return typeof schema === 'object' ? schema : {};
}
