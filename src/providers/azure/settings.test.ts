import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../model/json.ts';
import { azureProvider } from './index.ts';
import { providerSettingsSchema, settingsSchema } from './settings.ts';

const ID = '00000000-0000-0000-0000-000000000001';
const INSTANCE: JsonObject = {
  subscriptionId: ID,
  resourceGroup: 'shop',
  location: 'westeurope',
  credential: { kind: 'managedIdentity' },
};
const TEMPLATE: JsonObject = {
  image: { publisher: 'Debian', offer: 'debian-13', sku: '13-gen2' },
  subnet: `/subscriptions/${ID}/resourceGroups/net/providers/Microsoft.Network/virtualNetworks/a/subnets/b`,
  sshPublicKey: 'ssh-ed25519 AAAA ops',
};

const instance = (more: JsonObject = {}) => providerSettingsSchema('/srv').safeParse({ ...INSTANCE, ...more });
const template = (more: JsonObject = {}) => settingsSchema('/srv').safeParse({ ...TEMPLATE, ...more });

describe('an instance of the azure provider', () => {
  it('has defaults, and paths beside the fleet file', () => {
    expect(instance().data).toMatchObject({
      zones: [],
      endpoint: 'https://management.azure.com',
      authority: 'https://login.microsoftonline.com',
      caFile: null,
      credential: { kind: 'managedIdentity', clientId: null },
    });
    const credential = { kind: 'workloadIdentity', tenantId: ID, clientId: ID, tokenFile: 'token' };
    expect(instance({ credential, caFile: 'ca.pem' }).data).toMatchObject({
      credential: { tokenFile: '/srv/token' },
      caFile: '/srv/ca.pem',
    });
  });

  it.each([
    [{ subscriptionId: 'mine' }, 'it is a GUID'],
    [{ zones: [1, 2] }, 'expected string'],
    [{ zones: ['westeurope-1'] }, 'a zone is a number in quotes'],
    [{ zones: ['1', '1'] }, 'a zone is there twice'],
    [{ endpoint: 'http://127.0.0.1' }, 'https:// URL'],
    [{ authority: 'https://user:word@login.example' }, 'https:// URL'],
    [{ resourceGroup: 'a\nb' }, 'no control characters'],
    [
      { credential: { kind: 'clientSecret', tenantId: ID, clientId: ID, secret: 'in the file itself' } },
      'expected object',
    ],
    [{ credential: { kind: 'password' } }, 'Invalid discriminator'],
  ])('refuses %j', (wrong, why) => {
    const { error } = instance(wrong);
    expect(JSON.stringify(error?.issues)).toContain(why);
  });

  it('keeps its machines in sight unless it is another subscription, resource group or endpoint', () => {
    const keeps = (more: JsonObject) => azureProvider.keepsMachines?.(instance().data ?? {}, instance(more).data ?? {});
    expect(keeps({ zones: ['1'], location: 'northeurope' })).toBe(true);
    expect(keeps({ credential: { kind: 'managedIdentity', clientId: ID } })).toBe(true);
    expect(keeps({ resourceGroup: 'other' })).toBe(false);
    expect(keeps({ subscriptionId: ID.replace('1', '2') })).toBe(false);
    expect(keeps({ endpoint: 'https://management.example' })).toBe(false);
  });
});

describe('a launch template of the azure provider', () => {
  it('has defaults', () => {
    expect(template().data).toMatchObject({
      image: { version: 'latest' },
      vmSize: null,
      address: 'private',
      publicAddress: false,
      adminUsername: 'azureuser',
      diskType: 'StandardSSD_LRS',
      userData: null,
    });
    expect(template({ image: { id: `/subscriptions/${ID}/resourceGroups/a/providers/x/images/b` } }).success).toBe(
      true,
    );
  });

  it.each([
    [{ address: 'public' }, 'there is no public address without publicAddress: true'],
    [{ subnet: 'inner' }, 'it is the id of a resource'],
    [{ networkSecurityGroup: 'web' }, 'it is the id of a resource'],
    [{ sshPublicKey: 'id_ed25519.pub' }, 'it is a public key'],
    [{ diskType: 'fast' }, 'Premium_LRS'],
  ])('refuses %j', (wrong, why) => {
    const { error } = template(wrong);
    expect(JSON.stringify(error?.issues)).toContain(why);
  });
});
