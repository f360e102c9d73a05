import { describe, expect, it } from 'vitest';
import { launchRequest } from '../../../test/support/launch-request.ts';
import { incusError } from './errors.ts';
import { incusProvider } from './index.ts';
import { creation, type Instance, instanceName, isUnreached, Machines, tagsOf } from './instances.ts';
import { providerSettingsSchema, readSettings, serverOf, settingsSchema } from './settings.ts';

const schema = settingsSchema('/srv/shop');
const providerSchema = providerSettingsSchema('/srv/shop');

describe('the settings of a launch template', () => {
  it('fill in what is usual, and are what readSettings accepts', () => {
    const settings = schema.parse({ image: 'debian/12', config: { 'limits.cpu': 2 } });
    expect(settings).toEqual({
      image: 'debian/12',
      imageServer: null,
      type: 'container',
      profiles: ['default'],
      config: { 'limits.cpu': '2' },
      devices: {},
      userData: null,
      stopTimeoutMs: 30_000,
    });
    expect(readSettings(settings)).toEqual(settings);
  });

  it.each([
    [{}, ['image']],
    [{ image: '-x' }, ['image']],
    [{ image: 'a', imageServer: 'http://images.example' }, ['imageServer']],
    [{ image: 'a', type: 'vm' }, ['type']],
    [{ image: 'a', config: { 'user.drover.fleet': 'x' } }, ['config', 'user.drover.fleet']],
    [{ image: 'a', config: { 'volatile.uuid': 'x' } }, ['config', 'volatile.uuid']],
    [
      { image: 'a', config: { 'cloud-init.user-data': 'x' }, userData: { text: 'y' } },
      ['config', 'cloud-init.user-data'],
    ],
    [{ image: 'a', devices: { eth0: 'br0' } }, ['devices', 'eth0']],
    [{ image: 'a', stopTimeout: '1h' }, ['stopTimeout']],
    [{ image: 'a', profile: 'x' }, []],
  ])('refuse %j', (written, path) => {
    expect(schema.safeParse(written).error?.issues[0]?.path).toEqual(path);
  });
});

describe('the settings of a provider', () => {
  it("are the host's own server unless there is another", () => {
    expect(serverOf({})).toMatchObject({
      socket: '/var/lib/incus/unix.socket',
      url: null,
      project: 'default',
      members: [],
    });
    const url = 'https://host-a.example:8443';
    const written = { url, certificate: 'client.crt', key: '/etc/key', members: ['a', 'b'] };
    expect(providerSchema.parse(written)).toEqual({
      url,
      socket: null,
      certificate: '/srv/shop/client.crt',
      key: '/etc/key',
      serverCertificate: null,
      project: 'default',
      members: ['a', 'b'],
    });
  });

  it.each([
    [{ url: 'http://host-a.example:8443' }, ['url']],
    [{ url: 'https://user:word@host-a.example:8443' }, ['url']],
    [{ url: 'https://host-a.example:8443' }, ['certificate']],
    [{ url: 'https://host-a.example:8443', certificate: 'a' }, ['key']],
    [{ url: 'https://host-a.example:8443', certificate: 'a', key: 'b', socket: 'c' }, ['socket']],
    [{ certificate: 'a' }, ['certificate']],
    [{ members: ['a', 'a'] }, ['members']],
  ])('refuse %j', (written, path) => {
    expect(providerSchema.safeParse(written).error?.issues[0]?.path).toEqual(path);
  });

  it('may have another certificate or more members while servers run, and no other server', () => {
    const keeps = (before: object, after: object) =>
      incusProvider.keepsMachines?.(providerSchema.parse(before), providerSchema.parse(after));
    expect(keeps({ members: ['a'] }, { members: ['a', 'b'] })).toBe(true);
    expect(keeps({ members: ['a', 'b'] }, { members: ['a'] })).toBe(false);
    expect(keeps({}, { members: ['a'] })).toBe(false);
    expect(keeps({}, { project: 'other' })).toBe(false);
    expect(keeps({}, { socket: '/other' })).toBe(false);
  });
});

describe('names and tags', () => {
  const instance = (more: Partial<Instance> = {}): Instance => {
    const body = creation(launchRequest('i-1'), readSettings(schema.parse({ image: 'a' })), {
      fleet: 'shop',
      launchedAt: 1_700_000_000_000,
      userData: null,
    });
    const config = body.config as Record<string, string>;
    const name = instanceName('shop', 'i-1');
    const used = '2026-11-27T00:08:31Z';
    return {
      name,
      status: 'Running',
      status_code: 103,
      location: 'a',
      last_used_at: used,
      config,
      state: null,
      ...more,
    };
  };

  it('are of one machine of one fleet, and fit a host name', () => {
    expect(instanceName('shop', 'i-1')).toMatch(/^drover-i-1-[0-9a-f]{8}$/);
    expect(instanceName('shop', 'i-1')).not.toBe(instanceName('shop-too', 'i-1'));
    expect(instanceName('shop', `I_${'x'.repeat(99)}`)).toMatch(/^[a-z][a-z0-9-]{0,62}$/);
    expect(tagsOf(instance(), 'shop')).toMatchObject({ fleet: 'shop', group: 'web', instanceId: 'i-1' });
    expect(tagsOf(instance(), 'other')).toBeNull();
    expect(tagsOf(instance({ name: 'copied' }), 'shop')).toBeNull();
    expect(tagsOf(instance({ config: null }), 'shop')).toBeNull();
  });

  it('are stopped once Incus has recorded it, or has had the time to', () => {
    let nowMs = 0;
    const machines = new Machines({ now: () => 0, steadyMs: () => nowMs, sleep: async () => undefined });
    const stateOf = (power: string | undefined, code: number, used = '2026-11-27T00:08:31Z') => {
      const one = instance({ status_code: code, last_used_at: used });
      const config = { ...one.config, ...(power === undefined ? {} : { 'volatile.last_state.power': power }) };
      const tags = tagsOf(one, 'shop');
      if (tags === null) throw new Error('it has no tags');
      return machines.of({ ...one, config }, tags, null).state;
    };
    expect(stateOf(undefined, 102, '1970-01-01T00:00:00Z')).toBe('pending');
    expect(stateOf('RUNNING', 103)).toBe('running');
    expect(stateOf('RUNNING', 102)).toBe('running');
    expect(stateOf('RUNNING', 112)).toBe('running');
    expect(stateOf('STOPPED', 102)).toBe('stopped');
    expect(stateOf('RUNNING', 102)).toBe('running');
    nowMs = 5_000;
    expect(stateOf('RUNNING', 102)).toBe('stopped');
  });

  it('have lost their tags while the cluster does not reach their member', () => {
    expect(isUnreached(instance({ status: 'Error', status_code: 112, config: null }))).toBe(true);
    expect(isUnreached(instance({ status: 'Error', status_code: 112 }))).toBe(false);
    expect(isUnreached(instance())).toBe(false);
  });

  it('have the addresses that others reach them at', () => {
    const address = (family: string, text: string, scope: string) => ({ family, address: text, scope });
    const network = {
      eth0: {
        host_name: 'veth1',
        addresses: [
          address('inet6', 'fd00::5', 'global'),
          address('inet6', 'fe80::5', 'link'),
          address('inet', '10.0.0.5', 'global'),
        ],
      },
      docker0: { host_name: '', addresses: [address('inet', '172.17.0.1', 'global')] },
      lo: { host_name: '', addresses: [address('inet', '127.0.0.1', 'local')] },
    };
    const one = instance({ state: { network } });
    const tags = tagsOf(one, 'shop');
    const machines = new Machines({ now: () => 0, steadyMs: () => 0, sleep: async () => undefined });
    expect(tags === null ? null : machines.of(one, tags, 'a')).toMatchObject({
      zone: 'a',
      addresses: ['10.0.0.5', 'fd00::5'],
    });
  });
});

describe('what the server answers', () => {
  it.each([
    [403, 'not authorized', 'Unauthorized'],
    [500, 'Certificate is restricted', 'Unauthorized'],
    [404, 'Failed to fetch instance "a" in project "default": Instance not found', 'NotFound'],
    [404, 'Failed loading storage pool: Storage pool not found', 'Invalid'],
    [500, 'Requested profile "a" doesn\'t exist', 'Invalid'],
    [500, 'Reached maximum number of instances in project "a"', 'NoCapacity'],
    [500, 'write /x: no space left on device', 'NoCapacity'],
    [500, 'Failed getting remote image info: Failed getting image: Unable to connect to: 127.0.0.1:1', 'Transient'],
    [500, 'Failed to run: forkstart a: exit status 1', 'Transient'],
    [400, 'Bad request', 'Invalid'],
    [503, 'Daemon is starting up', 'Transient'],
  ])('%i %s: %s', (status, text, reaction) => {
    expect(incusError('POST', status, text)).toMatchObject({ reaction });
  });
});
