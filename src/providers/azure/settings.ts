import { resolve } from 'node:path';
import { z } from 'zod';
import type { JsonObject } from '../../model/json.ts';
import { readExactly } from '../../ports/read-settings.ts';
import { filePathSchema } from '../../settings/fields.ts';
import { shown } from '../../settings/public.ts';
import { secretSchema, secretSettings } from '../../settings/secret.ts';
import { userDataSchema, userDataSettings } from '../../settings/user-data.ts';

const MAX_TEXT_CHARACTERS = 512;
const MAX_KEY_CHARACTERS = 4_096;
const MAX_ZONES = 8;

const credentialSettings = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('clientSecret'),
    tenantId: z.string(),
    clientId: z.string(),
    secret: secretSettings,
  }),
  z.strictObject({ kind: z.literal('managedIdentity'), clientId: z.string().nullable() }),
  z.strictObject({
    kind: z.literal('workloadIdentity'),
    tenantId: z.string(),
    clientId: z.string(),
    tokenFile: z.string(),
  }),
]);

const instanceSettings = z.strictObject({
  subscriptionId: z.string(),
  resourceGroup: z.string(),
  location: z.string(),
  zones: z.array(z.string()),
  credential: credentialSettings,
  endpoint: z.string(),
  authority: z.string(),
  caFile: z.string().nullable(),
});
export type InstanceSettings = z.infer<typeof instanceSettings>;

const imageSettings = z.union([
  z.strictObject({ id: z.string() }),
  z.strictObject({ publisher: z.string(), offer: z.string(), sku: z.string(), version: z.string() }),
]);

const templateSettings = z.strictObject({
  image: imageSettings,
  vmSize: z.string().nullable(),
  subnet: z.string(),
  networkSecurityGroup: z.string().nullable(),
  publicAddress: z.boolean(),
  address: z.enum(['private', 'public']),
  adminUsername: z.string(),
  sshPublicKey: z.string(),
  diskType: z.enum(['Standard_LRS', 'StandardSSD_LRS', 'Premium_LRS']),
  userData: userDataSettings.nullable(),
});
export type TemplateSettings = z.infer<typeof templateSettings>;

const text = shown(z.string())
  .min(1)
  .max(MAX_TEXT_CHARACTERS)
  .refine((value) => !/\p{Cc}/u.test(value), { error: 'it has no control characters' });

const guid = shown(z.string()).regex(/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i, {
  error: 'it is a GUID, such as 00000000-0000-0000-0000-000000000000',
});

const resourceId = shown(z.string())
  .max(MAX_TEXT_CHARACTERS)
  .regex(/^\/(?:subscriptions|CommunityGalleries|SharedGalleries)\/[A-Za-z0-9_.()/-]+$/, {
    error: 'it is the id of a resource: /subscriptions/.../resourceGroups/.../providers/...',
  });

/** The credential is sent there, so it is encrypted; the SDK refuses anything else. */
const httpsSchema = shown(z.string()).refine(isHttps, {
  error: 'it must be an https:// URL without user, password, ? and #',
});

function isHttps(value: string): boolean {
  if (!URL.canParse(value)) return false;
  const { protocol, username, password, search, hash } = new URL(value);
  return protocol === 'https:' && [username, password, search, hash].every((part) => part === '');
}

function credentialSchema(baseDir: string) {
  return z.discriminatedUnion('kind', [
    z.strictObject({
      kind: z.literal('clientSecret').describe('An application with a client secret.'),
      tenantId: guid.describe('The directory.'),
      clientId: guid.describe('The application.'),
      secret: secretSchema(baseDir).describe('Where the client secret is.'),
    }),
    z.strictObject({
      kind: z.literal('managedIdentity').describe('The identity of the virtual machine that Drover runs on.'),
      clientId: guid.nullable().default(null).describe('Of several identities the one that is meant.'),
    }),
    z.strictObject({
      kind: z.literal('workloadIdentity').describe('A token file that a federation keeps up to date.'),
      tenantId: guid.describe('The directory.'),
      clientId: guid.describe('The application.'),
      tokenFile: filePathSchema
        .transform((path) => resolve(baseDir, path))
        .describe('The file; relative to the fleet file.'),
    }),
  ]);
}

/** An entry of `providers`, as a person writes it. */
export function providerSettingsSchema(baseDir: string): z.ZodType<JsonObject> {
  return z
    .strictObject({
      subscriptionId: guid.describe('The subscription.'),
      resourceGroup: text.describe('The resource group that servers are made in. It exists.'),
      location: text.describe('The region, such as `westeurope`.'),
      zones: z
        .array(shown(z.string()).regex(/^\d{1,2}$/, { error: 'a zone is a number in quotes: "1"' }))
        .max(MAX_ZONES)
        .refine((list) => new Set(list).size === list.length, { error: 'a zone is there twice' })
        .default([])
        .describe(
          'Availability zones that servers may be in: `["1", "2", "3"]`. Without them Azure chooses the place.',
        ),
      credential: credentialSchema(baseDir).describe('How Drover proves who it is.'),
      endpoint: httpsSchema
        .default('https://management.azure.com')
        .describe('Where Azure Resource Manager is: another one for a sovereign cloud or Azure Stack Hub.'),
      authority: httpsSchema
        .default('https://login.microsoftonline.com')
        .describe('Where tokens are given out: another one for a sovereign cloud.'),
      caFile: filePathSchema
        .transform((path) => resolve(baseDir, path))
        .nullable()
        .default(null)
        .describe('A PEM file with the certificate authority of these two, where the host does not know it.'),
    })
    .transform((settings): InstanceSettings => settings);
}

/** A launch template's settings, as a person writes them. */
export function settingsSchema(baseDir: string): z.ZodType<JsonObject> {
  return z
    .strictObject({
      image: z
        .union([
          z.strictObject({ id: resourceId.describe('An image, or an image of a gallery.') }),
          z.strictObject({
            publisher: text.describe('Who publishes it.'),
            offer: text.describe('The name of what is offered.'),
            sku: text.describe('Which one of the offer.'),
            version: text.default('latest').describe('Which version of it.'),
          }),
        ])
        .describe("An image of the marketplace, or one's own by its id."),
      vmSize: text
        .nullable()
        .default(null)
        .describe('The size of the servers, such as `Standard_B2s`, where no `instanceTypes` are given.'),
      subnet: resourceId.describe('The subnet that servers are in, by its id.'),
      networkSecurityGroup: resourceId.nullable().default(null).describe('A network security group, by its id.'),
      publicAddress: z.boolean().default(false).describe('Whether servers get a public IP address.'),
      address: z.enum(['private', 'public']).default('private').describe('Where HAProxy reaches servers.'),
      adminUsername: text.default('azureuser').describe('The user that may log in.'),
      sshPublicKey: shown(z.string())
        .max(MAX_KEY_CHARACTERS)
        .regex(/^(?:ssh|ecdsa|sk)-\S+ \S+/, { error: 'it is a public key: ssh-ed25519 AAAA... name' })
        .describe("The user's public key."),
      diskType: z
        .enum(['Standard_LRS', 'StandardSSD_LRS', 'Premium_LRS'])
        .default('StandardSSD_LRS')
        .describe('What the disk of the operating system is.'),
      userData: userDataSchema(baseDir)
        .optional()
        .describe('What a server is told at its first boot, for cloud-init: Azure calls it custom data.'),
    })
    .refine(({ address, publicAddress }) => address === 'private' || publicAddress, {
      error: 'there is no public address without publicAddress: true',
      path: ['address'],
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
