import { describe, expect, it } from 'vitest';
import { isLabelKey } from './labels.ts';
import { providerSettingsSchema, readTemplateSettings, settingsSchema, settingsWarnings } from './settings.ts';

const template = (written: object) => settingsSchema('/srv').safeParse({ image: 'debian-13', ...written });
const instance = (written: object) =>
  providerSettingsSchema('/srv').safeParse({ token: { file: 'token' }, locations: ['nbg1'], ...written });

describe('the settings of an instance of hetzner', () => {
  it('name where the token is, and never hold it', () => {
    expect(instance({}).data).toEqual({
      token: { file: '/srv/token', variable: null },
      endpoint: 'https://api.hetzner.cloud/v1',
      locations: ['nbg1'],
    });
    expect(instance({ token: 'secret' }).success).toBe(false);
  });

  it.each(['http://127.0.0.1:8080/v1', 'http://[::1]/v1', 'https://proxy.example/hetzner/v1'])(
    'take %s',
    (endpoint) => {
      expect(instance({ endpoint }).success).toBe(true);
    },
  );

  it.each([
    'http://api.hetzner.cloud/v1',
    'http://127.0.0.1.evil.example/',
    'https://a:b@api.example/v1',
    'ftp://127.0.0.1',
    'api',
  ])('do not send the token to %s', (endpoint) => {
    expect(instance({ endpoint }).success).toBe(false);
  });

  it.each([[[]], [['nbg1', 'nbg1']], [['NBG 1']]])('refuse the locations %j', (locations) => {
    expect(instance({ locations }).success).toBe(false);
  });
});

describe('the settings of a launch template of hetzner', () => {
  it('are read back in a launch as they were made', () => {
    const { data = {} } = template({
      image: { selector: 'app=shop' },
      networks: [12, 'inner'],
      placementGroup: 'spread',
    });
    expect(readTemplateSettings(data)).toEqual(data);
    expect(data).toMatchObject({ image: { reference: null, selector: 'app=shop' }, networks: ['12', 'inner'] });
  });

  it.each([
    [{ address: 'private' }, 'needs one of networks'],
    [{ publicIpv4: false, publicIpv6: false, networks: ['inner'] }, 'there is no public address'],
    [{ publicIpv4: false, publicIpv6: false, address: 'private' }, 'networks'],
    [{ labels: { 'drover-fleet': 'other' } }, 'drover-'],
    [{ labels: { app: 'not a value!' } }, 'up to 63'],
    [{ placementGroup: 'together' }, 'nvalid'],
    [{ volumes: [1] }, 'volumes'],
  ])('refuse %j', (written, why) => {
    expect(JSON.stringify(template(written).error?.issues)).toContain(why);
  });

  it('warn of the password that is mailed for each server', async () => {
    expect(await settingsWarnings(template({}).data ?? {})).toMatchObject([{ path: ['sshKeys'] }]);
    expect(await settingsWarnings(template({ sshKeys: ['ops'] }).data ?? {})).toEqual([]);
  });

  it.each(['app', 'example.com/app', 'a.b_c-d'])('take a label %s', (key) => {
    expect(isLabelKey(key)).toBe(true);
  });

  it.each(['', '-a', 'a/b/c', 'drover-x', 'ä'])('refuse a label %j', (key) => {
    expect(isLabelKey(key)).toBe(false);
  });
});
