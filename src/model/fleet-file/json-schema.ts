import { z } from 'zod';
import type { SettingsSchemaSource } from './launch-template.ts';
import { fleetFileSchema } from './schema.ts';

type Schema = z.core.JSONSchema.BaseSchema;

/** A JSON Schema of the fleet file for editors, with the settings of each provider and of each metric source. */
export function fleetJsonSchema(
  providers: ReadonlyMap<string, SettingsSchemaSource>,
  sources: ReadonlyMap<string, SettingsSchemaSource>,
): Schema {
  const schema = z.toJSONSchema(fleetFileSchema({ providers, sources, baseDir: '/' }), {
    io: 'input',
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema, path }) => {
      if (zodSchema._zod.def.type !== 'object') return;
      if (path.at(-1) === 'launchTemplate') oneOfKinds(jsonSchema, 'provider', providers);
      if (path.at(-2) === 'metrics') oneOfKinds(jsonSchema, 'source', sources);
    },
  });
  const title = 'Drover fleet file';
  const description = 'Load balancers, target groups and auto scaling groups. The reference is docs/fleet-file.md.';
  return { ...schema, title, description };
}

/** Settings stand beside the keys that all kinds have, so one object describes them all. */
function oneOfKinds(schema: Schema, key: string, kinds: ReadonlyMap<string, SettingsSchemaSource>): void {
  const common = schema.properties ?? {};
  schema.oneOf = [...kinds].flatMap(([name, source]) =>
    shapes(settings(source)).map((own) => ({
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

function settings(source: SettingsSchemaSource): Schema {
  const { $schema: _, ...schema } = z.toJSONSchema(source.settingsSchema('/'), { io: 'input', unrepresentable: 'any' });
  return schema;
}

function asObject(schema: Schema | boolean | undefined): Schema {
  return typeof schema === 'object' ? schema : {};
}
