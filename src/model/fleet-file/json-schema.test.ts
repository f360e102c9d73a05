import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { fleetJsonSchema } from './json-schema.ts';
import type { SettingsSchemaSource } from './launch-template.ts';
import { valueAt } from './path.ts';

const one = z.strictObject({ command: z.array(z.string()).describe('What runs.') });
const two = z.strictObject({ image: z.string(), size: z.string().transform(Number).default(1) });
const providers = new Map<string, SettingsSchemaSource>([
  ['one', { settingsSchema: () => one }],
  ['two', { settingsSchema: () => two }],
]);

describe('fleetJsonSchema', () => {
  it('describes a launch template by its provider', () => {
    const path = ['properties', 'autoScalingGroups', 'additionalProperties', 'properties', 'launchTemplate'];
    expect(valueAt(fleetJsonSchema(providers), path)).toMatchObject({
      oneOf: [
        {
          properties: {
            provider: { const: 'one' },
            weight: { default: 100 },
            command: { type: 'array', description: 'What runs.' },
          },
          required: ['provider', 'command'],
          additionalProperties: false,
        },
        {
          properties: { provider: { const: 'two' }, image: { type: 'string' }, size: { type: 'string' } },
          required: ['provider', 'image'],
          additionalProperties: false,
        },
      ],
    });
  });
});
