import { describe, expect, it } from 'vitest';
import { providerSettingsSchema, readProviderSettings, zonesOf } from './provider-settings.ts';
import { readSettings, settingsSchema } from './settings.ts';

const schema = settingsSchema('/srv/shop');
const image = { image: 'ami-0a1b2c3d4e5f60718' };
const template = { template: { name: 'shop' } };

describe('the settings of a launch template', () => {
  it('ask for tokens of the metadata service, and are what readSettings accepts', () => {
    const settings = schema.parse({
      ...image,
      instanceType: 't3.micro',
      rootVolume: { device: '/dev/xvda', size: '20GiB' },
    });
    expect(settings).toMatchObject({
      image: 'ami-0a1b2c3d4e5f60718',
      metadataTokens: 'required',
      market: 'onDemand',
      addressFrom: 'private',
      rootVolume: { device: '/dev/xvda', sizeGib: 20, type: null },
    });
    expect(readSettings(settings)).toEqual(settings);
  });

  it('leave to a launch template of EC2 what it decides', () => {
    expect(schema.parse(template)).toMatchObject({
      template: { id: null, name: 'shop', version: '$Default' },
      metadataTokens: null,
      market: null,
    });
    expect(schema.parse({ template: { id: 'lt-0a1b2c3d', version: 7 } })).toMatchObject({ template: { version: '7' } });
  });

  it('take the image from a parameter of SSM', () => {
    const name = '/aws/service/debian/release/12/latest/amd64';
    expect(schema.parse({ imageParameter: name })).toMatchObject({ image: `resolve:ssm:${name}` });
  });

  it.each([
    [{}, []],
    [{ image: 'debian-12' }, ['image']],
    [{ ...image, imageParameter: '/a' }, ['imageParameter']],
    [{ template: {} }, ['template']],
    [{ template: { id: 'lt-0a1b2c3d', name: 'shop' } }, ['template']],
    [{ template: { name: 'shop', version: 'latest' } }, ['template', 'version']],
    [{ ...image, instanceType: 'huge' }, ['instanceType']],
    [{ ...image, securityGroups: ['web'] }, ['securityGroups', 0]],
    [{ ...image, rootVolume: { size: '20GiB' } }, ['rootVolume', 'device']],
    [{ ...image, rootVolume: { device: '/dev/xvda', size: '1500MiB' } }, ['rootVolume', 'size']],
    [{ ...image, spotMaxPrice: '0.05' }, ['spotMaxPrice']],
    [{ ...image, market: 'spot', spotMaxPrice: 'cheap' }, ['spotMaxPrice']],
    [{ ...image, addressFrom: 'public', publicAddress: false }, ['addressFrom']],
    [{ ...image, tags: { 'drover:fleet': 'other' } }, ['tags', 'drover:fleet']],
    [{ ...image, tags: { 'aws:x': '1' } }, ['tags', 'aws:x']],
    [{ ...image, accessKeyId: 'AKIA' }, []],
  ])('refuse %j', (written, path) => {
    const result = schema.safeParse(written);
    expect(result.error?.issues[0]?.path).toEqual(path);
  });
});

describe('the settings of a provider', () => {
  const read = (written: object) =>
    providerSettingsSchema('/srv/shop').safeParse({ region: 'eu-central-1', ...written });

  it('name the zones in their order, and where a key is, never the key', () => {
    const { data } = read({
      zones: { a: { subnet: 'subnet-0a1b2c3d' }, b: { subnet: 'shop private b' } },
      credentials: { accessKeyId: { variable: 'KEY_ID' }, secretAccessKey: { file: 'key' } },
      assumeRole: { arn: 'arn:aws:iam::123456789012:role/drover' },
    });
    expect(zonesOf(data ?? {})).toEqual(['a', 'b']);
    expect(readProviderSettings(data ?? {})).toMatchObject({
      credentials: { secretAccessKey: { file: '/srv/shop/key', variable: null }, sessionToken: null },
      assumeRole: { externalId: null },
      endpoint: null,
    });
  });

  it('have no zone where there is one subnet, or none', () => {
    for (const written of [{}, { subnet: 'subnet-0a1b2c3d' }]) expect(zonesOf(read(written).data ?? {})).toEqual([]);
  });

  it.each([
    [{ region: 'Frankfurt' }, ['region']],
    [{ zones: {} }, ['zones']],
    [{ zones: { a: { subnet: 'one' }, b: { subnet: 'one' } } }, ['zones']],
    [{ zones: { a: { subnet: 'shop-*' } } }, ['zones', 'a', 'subnet']],
    [{ subnet: 'one', zones: { a: { subnet: 'two' } } }, ['subnet']],
    [{ endpoint: 'http://ec2.example' }, ['endpoint']],
    [{ endpoint: 'http://localhost:5000' }, ['endpoint']],
    [{ endpoint: 'https://user:pass@ec2.example' }, ['endpoint']],
    [
      { profile: 'shop', credentials: { accessKeyId: { variable: 'A' }, secretAccessKey: { variable: 'B' } } },
      ['profile'],
    ],
    [{ credentials: { accessKeyId: 'AKIA', secretAccessKey: { variable: 'B' } } }, ['credentials', 'accessKeyId']],
    [{ assumeRole: { arn: 'drover' } }, ['assumeRole', 'arn']],
  ])('refuse %j', (written, path) => {
    expect(read(written).error?.issues[0]?.path).toEqual(path);
  });

  it.each(['http://127.0.0.1:5000', 'http://[::1]:5000', 'https://ec2.example'])('take the endpoint %s', (endpoint) => {
    expect(read({ endpoint }).success).toBe(true);
  });
});
