import { z } from 'zod';
import type { JsonObject } from '../../model/json.ts';
import { readExactly } from '../../ports/read-settings.ts';
import type { Problem } from '../../settings/explain.ts';
import { shown } from '../../settings/public.ts';
import { secretSchema, secretSettings } from '../../settings/secret.ts';
import { userDataSchema, userDataSettings } from '../../settings/user-data.ts';
import { isLabelKey, isLabelValue } from './labels.ts';

const ENDPOINT = 'https://api.hetzner.cloud/v1';
const MAX_LOCATIONS = 32;
const MAX_REFERENCES = 32;
const MAX_LABELS = 32;
const MAX_TEXT_CHARACTERS = 256;

const instanceSettings = z.strictObject({
  token: secretSettings,
  endpoint: z.string(),
  locations: z.array(z.string()).min(1),
});
export type InstanceSettings = z.infer<typeof instanceSettings>;

/** An image by its name or id, or the newest snapshot that a label selector finds. */
const imageSettings = z.union([
  z.strictObject({ reference: z.string(), selector: z.null() }),
  z.strictObject({ reference: z.null(), selector: z.string() }),
]);
export type ImageSettings = z.infer<typeof imageSettings>;

const templateSettings = z.strictObject({
  image: imageSettings,
  serverType: z.string().nullable(),
  sshKeys: z.array(z.string()),
  networks: z.array(z.string()),
  firewalls: z.array(z.string()),
  /** `spread`: groups of Drover's own. */
  placementGroup: z.union([z.literal('spread'), z.strictObject({ name: z.string() })]).nullable(),
  publicIpv4: z.boolean(),
  publicIpv6: z.boolean(),
  address: z.enum(['public', 'private']),
  labels: z.record(z.string(), z.string()),
  userData: userDataSettings.nullable(),
});
export type TemplateSettings = z.infer<typeof templateSettings>;

const word = shown(z.string()).regex(/^[a-z0-9]+(?:-[a-z0-9]+)*$/, {
  error: 'it has small letters, digits and -, as Hetzner lists it',
});

const text = shown(z.string())
  .min(1)
  .max(MAX_TEXT_CHARACTERS)
  .refine((value) => !/\p{Cc}/u.test(value), { error: 'it has no control characters' });

/** Something of the project, by name or id. */
const reference = z.union([text, z.int().positive()]).transform(String);
const references = z.array(reference).max(MAX_REFERENCES).default([]);

const LOOPBACK = /^(?:127(?:\.\d{1,3}){3}|localhost|\[::1\])$/;

const endpointSchema = shown(z.string()).refine(isSafeEndpoint, {
  error: 'it must be an https:// URL without user, password, ? and #; http:// is for an address of this host only',
});

function isSafeEndpoint(value: string): boolean {
  if (!URL.canParse(value)) return false;
  const { protocol, hostname, username, password, search, hash } = new URL(value);
  const isEncrypted = protocol === 'https:' || (protocol === 'http:' && LOOPBACK.test(hostname));
  return isEncrypted && [username, password, search, hash].every((part) => part === '');
}

/** An entry of `providers`, as a person writes it. */
export function providerSettingsSchema(baseDir: string): z.ZodType<JsonObject> {
  return z
    .strictObject({
      token: secretSchema(baseDir).describe('Where the API token of the project is; it needs to read and write.'),
      endpoint: endpointSchema.default(ENDPOINT).describe('Where the API is, for a proxy or a test.'),
      locations: z
        .array(word)
        .min(1)
        .max(MAX_LOCATIONS)
        .refine((list) => new Set(list).size === list.length, { error: 'a location is there twice' })
        .describe('Where servers may be, such as `fsn1`: the zones of this provider.'),
    })
    .transform((settings): InstanceSettings => settings);
}

/** A launch template's settings, as a person writes them. */
export function settingsSchema(baseDir: string): z.ZodType<JsonObject> {
  return z
    .strictObject({
      image: z
        .union([reference, z.strictObject({ selector: text.describe('A label selector, such as `app=shop`.') })])
        .transform(
          (image): ImageSettings =>
            typeof image === 'string'
              ? { reference: image, selector: null }
              : { reference: null, selector: image.selector },
        )
        .describe(
          'An image or snapshot by name or id, or `{ selector: app=shop }` for the newest snapshot with these labels at each launch.',
        ),
      serverType: word
        .nullable()
        .default(null)
        .describe('The type of the servers, such as `cx23`, where no `instanceTypes` are given.'),
      sshKeys: references.describe("SSH keys of the project, by name or id, for root's login."),
      networks: references.describe('Private networks that servers are attached to, by name or id.'),
      firewalls: references.describe('Firewalls that are applied to servers, by name or id.'),
      placementGroup: z
        .union([z.literal('spread'), z.strictObject({ name: text.describe('A placement group of the project.') })])
        .nullable()
        .default(null)
        .describe(
          '`spread` keeps servers on different hosts, in placement groups that Drover makes and removes; `{ name: ... }` takes one of the project.',
        ),
      publicIpv4: z.boolean().default(true).describe('Whether servers get a public IPv4 address.'),
      publicIpv6: z.boolean().default(true).describe('Whether servers get a public IPv6 network.'),
      address: z
        .enum(['public', 'private'])
        .default('public')
        .describe('Where HAProxy reaches servers: at their public address, or at that in the first of `networks`.'),
      labels: z
        .record(
          z.string().refine(isLabelKey, {
            error: 'a label is called as Hetzner wants it, and no name of a label starts with drover-',
          }),
          shown(z.string()).refine(isLabelValue, {
            error:
              'the value of a label has up to 63 letters, digits, -, _ and ., and both its ends are letters or digits',
          }),
        )
        .refine((labels) => Object.keys(labels).length <= MAX_LABELS, { error: `there may be at most ${MAX_LABELS}` })
        .default({})
        .describe("Labels for the servers, beside Drover's own: firewalls and load balancers find servers by them."),
      userData: userDataSchema(baseDir).optional().describe('What a server is told at its first boot, for cloud-init.'),
    })
    .refine(({ address, networks }) => address === 'public' || networks.length > 0, {
      error: 'a private address needs one of networks to have it in; name one',
      path: ['address'],
    })
    .refine(({ address, publicIpv4, publicIpv6 }) => address === 'private' || publicIpv4 || publicIpv6, {
      error: 'without publicIpv4 and publicIpv6 there is no public address; write address: private, and name a network',
      path: ['address'],
    })
    .refine(({ networks, publicIpv4, publicIpv6 }) => publicIpv4 || publicIpv6 || networks.length > 0, {
      error: 'without publicIpv4, publicIpv6 and networks nothing reaches a server',
      path: ['networks'],
    })
    .transform(({ userData, ...settings }): TemplateSettings => ({ ...settings, userData: userData ?? null }));
}

/** @throws PortError `Invalid` when they are not what `providerSettingsSchema` gives */
export function readInstanceSettings(settings: JsonObject): InstanceSettings {
  return readExactly(instanceSettings, settings);
}

/** @throws PortError `Invalid` when they are not what `settingsSchema` gives */
export function readTemplateSettings(settings: JsonObject): TemplateSettings {
  return readExactly(templateSettings, settings);
}

/** What works, and costs something that nobody may have thought of. */
export async function settingsWarnings(settings: JsonObject): Promise<readonly Problem[]> {
  const { sshKeys } = readTemplateSettings(settings);
  if (sshKeys.length > 0) return [];
  const message =
    "without a key Hetzner makes a root password for each server and mails it to the project's owner; name one of the project's keys";
  return [{ path: ['sshKeys'], message }];
}
