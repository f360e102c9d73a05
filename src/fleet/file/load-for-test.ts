import { z } from 'zod';
import { durationSchema } from '../../settings/duration.ts';
import { shown } from '../../settings/public.ts';
import type {
  NotifierSchemaSource,
  ProviderSchemaSource,
  SettingsSchemaSource,
} from '../../settings/settings-schema.ts';
import { formatErrors } from './errors.ts';
import { type FleetFileResult, parseFleet } from './load.ts';
import { shownSettings } from './shown-settings.ts';

const settings = z
  .strictObject({
    command: z.array(z.string()).min(1),
    environment: z.record(z.string(), z.string()).default({}),
    stopTimeout: durationSchema().prefault('10s'),
  })
  .transform(({ stopTimeout, ...rest }) => ({ ...rest, stopTimeoutMs: stopTimeout }));
/** A type whose instances differ: each needs a region and credentials. */
const cloud: ProviderSchemaSource = {
  providerSettingsSchema: () => z.strictObject({ region: shown(z.string()), tokenFile: z.string() }),
  settingsSchema: () => z.strictObject({ image: shown(z.string()), userData: z.string().default('') }),
};
const providers = new Map<string, ProviderSchemaSource>([
  [
    'process',
    { settingsSchema: () => settings, capabilities: () => ({ ports: 'assigned', zones: [], instanceTypes: false }) },
  ],
  [
    'machines',
    {
      settingsSchema: () => z.strictObject({}),
      capabilities: () => ({ ports: 'direct', zones: ['a', 'b'], instanceTypes: true }),
    },
  ],
  ['cloud', cloud],
]);

/** Sources as `src/metrics` has them, cut down. */
const queue = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('redis'),
    key: shown(z.string()),
    type: z.enum(['list', 'stream']).default('list'),
  }),
  z.strictObject({
    kind: z.literal('rabbitmq'),
    queue: shown(z.string()),
    passwordFile: z.string().nullable().default(null),
  }),
]);
const sources = new Map<string, SettingsSchemaSource>([
  ['constant', { settingsSchema: () => z.strictObject({ value: z.number() }) }],
  ['haproxy', { settingsSchema: () => z.strictObject({ targetGroup: shown(z.string()), measure: shown(z.string()) }) }],
  [
    'http',
    { settingsSchema: () => z.strictObject({ url: z.url(), headers: z.record(z.string(), z.string()).default({}) }) },
  ],
  ['queue', { settingsSchema: () => queue }],
]);
const secret = z.strictObject({ file: shown(z.string()) });
const notifiers = new Map<string, NotifierSchemaSource>([
  ['webhook', { takes: 'all', settingsSchema: () => z.strictObject({ url: secret, secret }) }],
  [
    'email',
    { takes: 'summary', settingsSchema: () => z.strictObject({ host: z.string(), to: z.array(shown(z.string())) }) },
  ],
]);

/** What the schemas above mark as public. */
export const SHOWN = shownSettings({ providers, sources, notifiers });

export function parse(text: string | Uint8Array): FleetFileResult {
  return parseFleet({ text, path: '/srv/shop/fleet.yaml', providers, sources, notifiers });
}

export function errorsOf(text: string | Uint8Array): string {
  const result = parse(text);
  return result.ok ? 'no errors' : formatErrors(result.errors);
}
