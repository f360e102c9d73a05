import { describe, expect, it } from 'vitest';
import { enginesOf, providerSettingsSchema } from './engine-settings.ts';
import { registryOf, withTag } from './image-name.ts';
import { dockerProvider } from './index.ts';
import { settingsSchema } from './settings.ts';

const refusals = (
  schema: { safeParse(value: unknown): { error?: { issues: readonly { message: string }[] } } },
  value: unknown,
) => schema.safeParse(value).error?.issues.map(({ message }) => message) ?? [];

describe('an entry of providers', () => {
  const schema = providerSettingsSchema('/fleet');
  const hosts = (value: unknown) => enginesOf(schema.parse(value));

  it('is the local engine without settings', () => {
    expect(hosts({})).toEqual(enginesOf({}));
    expect(hosts({})).toEqual([
      { zone: null, connection: { kind: 'socket', path: '/var/run/docker.sock' }, address: '127.0.0.1' },
    ]);
  });

  it('has several hosts as zones', () => {
    const settings = schema.parse({
      hosts: {
        a: { engine: 'ssh://drover@10.0.0.11:2222' },
        b: { engine: 'tcp://[fd00::2]:2376', tls: { ca: 'ca.pem', cert: '/c.pem', key: 'k.pem' } },
        c: { engine: 'ssh://host-c', address: '10.0.0.13' },
      },
    });
    expect(dockerProvider.capabilities(settings).zones).toEqual(['a', 'b', 'c']);
    expect(enginesOf(settings).map(({ address }) => address)).toEqual(['10.0.0.11', 'fd00::2', '10.0.0.13']);
    expect(enginesOf(settings)[1]?.connection).toMatchObject({ tls: { ca: '/fleet/ca.pem', cert: '/c.pem' } });
  });

  it.each([
    ['plain TCP', { engine: 'tcp://10.0.0.1:2375' }, /without TLS/],
    ['a password', { engine: 'ssh://drover:secret@host' }, /without a password/],
    ['an option in place of a host', { engine: 'ssh://-oProxyCommand=x' }, /ssh:\/\/user@host/],
    ['another scheme', { engine: 'http://host' }, /begins with unix/],
    ['TLS for a socket', { engine: 'unix:///s', tls: { cert: 'c', key: 'k' } }, /remove it/],
    ['a host without an engine', { hosts: { a: {} } }, /say where the engine is/],
    ['one engine twice', { hosts: { a: { engine: 'unix:///s' }, b: { engine: 'unix:///s' } } }, /listed twice/],
    ['an engine beside hosts', { engine: 'unix:///s', hosts: { a: { engine: 'unix:///t' } } }, /leave hosts out/],
  ])('refuses %s', (_, value, message) => {
    expect(refusals(schema, value).join()).toMatch(message);
  });

  it('takes plain TCP on loopback', () => {
    expect(hosts({ engine: 'tcp://127.0.0.1:2375' })[0]?.connection).toMatchObject({ tls: null, port: 2375 });
  });

  it('may get more hosts, and neither fewer nor others', () => {
    const one = schema.parse({ hosts: { a: { engine: 'ssh://a' } } });
    const two = schema.parse({ hosts: { a: { engine: 'ssh://a', address: '10.0.0.1' }, b: { engine: 'ssh://b' } } });
    const moved = schema.parse({ hosts: { a: { engine: 'ssh://c' } } });
    expect(dockerProvider.keepsMachines?.(one, two)).toBe(true);
    expect(dockerProvider.keepsMachines?.(two, one)).toBe(false);
    expect(dockerProvider.keepsMachines?.(one, moved)).toBe(false);
  });
});

describe('a launch template', () => {
  const schema = settingsSchema('/fleet');

  it('bounds logs and takes rights away unless told otherwise', () => {
    expect(schema.parse({ image: 'nginx' })).toMatchObject({
      log: { driver: 'json-file', options: { 'max-size': '10m' } },
      dropCapabilities: ['AUDIT_WRITE', 'MKNOD', 'NET_RAW'],
      init: true,
      pull: 'missing',
      stopTimeoutMs: 10_000,
    });
  });

  it.each([
    ['an image with a scheme', { image: 'https://hub/nginx' }, /it is an image such as/],
    ['the network of the host', { image: 'a', networks: ['host'] }, /addresses of their own/],
    ['all capabilities', { image: 'a', addCapabilities: ['ALL'] }, /name those/],
    ["Drover's own labels", { image: 'a', labels: { 'drover.fleet': 'x' } }, /Drover's own/],
    ["Drover's own variables", { image: 'a', environment: { DROVER_FLEET: 'x' } }, /key/],
    ['a privileged server', { image: 'a', privileged: true }, /privileged/],
    ['a relative bind', { image: 'a', mounts: [{ type: 'bind', source: 'x', target: '/x' }] }, /absolute path/],
  ])('refuses %s', (_, value, message) => {
    expect(refusals(schema, value).join()).toMatch(message);
  });
});

describe("an image's name", () => {
  it.each([
    ['nginx', 'nginx:latest'],
    ['host:5000/nginx', 'host:5000/nginx:latest'],
    ['host:5000/nginx:1', 'host:5000/nginx:1'],
    ['nginx@sha256:00', 'nginx@sha256:00'],
  ])('%s is pulled as %s', (image, pulled) => {
    expect(withTag(image)).toBe(pulled);
  });

  it.each([
    ['nginx', 'https://index.docker.io/v1/'],
    ['shop/web:1', 'https://index.docker.io/v1/'],
    ['registry.example/shop/web', 'registry.example'],
    ['localhost/web', 'localhost'],
  ])('%s is of the registry %s', (image, registry) => {
    expect(registryOf(image)).toBe(registry);
  });
});
