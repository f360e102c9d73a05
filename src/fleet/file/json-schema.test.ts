import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { valueAt } from '../../settings/path.ts';
import type { SettingsSchemaSource } from '../../settings/settings-schema.ts';
import { fleetJsonSchema } from './json-schema.ts';

const one = z.strictObject({ command: z.array(z.string()).describe('What runs.') });
const two = z.strictObject({ image: z.string(), size: z.string().transform(Number).default(1) });
const providers = new Map<string, SettingsSchemaSource>([
  ['one', { settingsSchema: () => one }],
  ['two', { settingsSchema: () => two }],
]);
const queue = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('redis'), key: z.string() }),
  z.strictObject({ kind: z.literal('rabbitmq'), queue: z.string() }),
]);
const sources = new Map<string, SettingsSchemaSource>([
  ['constant', { settingsSchema: () => z.strictObject({ value: z.number() }) }],
  ['queue', { settingsSchema: () => queue }],
]);
const group = ['properties', 'autoScalingGroups', 'additionalProperties', 'properties'];

describe('fleetJsonSchema', () => {
  it('describes a launch template by its provider', () => {
    expect(valueAt(fleetJsonSchema({ providers, sources }), [...group, 'launchTemplate'])).toMatchObject({
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
        { properties: { provider: { not: { enum: ['one', 'two'] } } }, required: ['provider'] },
      ],
    });
  });
  it('describes a metric by its source, and each shape of a source by itself', () => {
    const common = { interval: { default: '15s' }, timeout: { type: 'string' }, maxAge: { type: 'string' } };
    expect(
      valueAt(fleetJsonSchema({ providers, sources }), [...group, 'metrics', 'additionalProperties']),
    ).toMatchObject({
      oneOf: [
        { properties: { ...common, source: { const: 'constant' }, value: {} }, required: ['source', 'value'] },
        {
          properties: { ...common, source: { const: 'queue' }, kind: { const: 'redis' }, key: {} },
          required: ['source', 'kind', 'key'],
          additionalProperties: false,
        },
        { properties: { source: { const: 'queue' }, kind: { const: 'rabbitmq' }, queue: {} } },
      ],
    });
  });

  it('describes a policy by its type', () => {
    const policies = valueAt(fleetJsonSchema({ providers, sources }), [
      ...group,
      'scalingPolicies',
      'additionalProperties',
    ]);
    expect(policies).toMatchObject({
      oneOf: ['targetTracking', 'step', 'simple', 'predictive'].map((type) => ({
        properties: { type: { const: type }, metric: {}, whenMissing: { default: 'hold' } },
        additionalProperties: false,
      })),
    });
  });
});
