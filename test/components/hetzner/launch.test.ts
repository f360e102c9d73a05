import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PortError } from '../../../src/ports/errors.ts';
import type { Provider } from '../../../src/ports/provider.ts';
import { image } from '../../support/hetzner/catalog.ts';
import { HetznerWorld, templateSettings } from '../../support/hetzner/world.ts';
import { launchRequest } from '../../support/launch-request.ts';

const { signal } = new AbortController();

describe('launch at Hetzner', () => {
  let world: HetznerWorld;
  let provider: Provider;

  beforeEach(async () => {
    world = await HetznerWorld.make();
    provider = await world.open('shop');
  });

  afterEach(() => world.dispose());

  const calls = () => world.fake.calls.map(({ method, route }) => `${method} ${route}`);
  const launch = (instanceId: string, written = {}, placement = { zone: 'nbg1', instanceType: 'cx23' }) =>
    provider.launch(launchRequest(instanceId, { settings: templateSettings(written), placement }), signal);

  it('is one call, and its answer has the address', async () => {
    const machine = await launch('i-1');
    expect(calls()).toEqual(['POST /servers']);
    expect(machine).toMatchObject({ zone: 'nbg1', state: 'pending', ports: null });
    expect(machine.addresses[0]).toMatch(/^127\./);
    const [server] = world.fake.project.servers;
    expect(server?.labels).toEqual({ 'drover-fleet': 'shop', 'drover-group': 'web', 'drover-instance-id': 'i-1' });
    expect(server?.name).toMatch(/^web-i-1-[0-9a-f]{8}$/);
  });

  it('finds the server whose answer was lost, by its name', async () => {
    world.fake.fail('POST /servers', { kind: 'loseAnswer' });
    await expect(launch('i-1')).rejects.toMatchObject({ reaction: 'Transient' });
    const machine = await launch('i-1');
    expect(world.fake.project.servers.map(({ id }) => String(id))).toEqual([machine.id]);
  });

  it('does not say that there is no room for a server that was made', async () => {
    world.fake.fail('POST /servers', { kind: 'loseAnswer' });
    await expect(launch('i-1')).rejects.toMatchObject({ reaction: 'Transient' });
    world.fake.fail('POST /servers', { kind: 'refuse', status: 403, code: 'resource_limit_exceeded' });
    expect(await launch('i-1')).toMatchObject({ instanceId: 'i-1' });
  });

  it('takes no other server for its own, whatever its name', async () => {
    await launch('i-1');
    const [server] = world.fake.project.servers;
    world.fake.project.change(server!.id, { labels: {} });
    await expect(launch('i-1')).rejects.toMatchObject({ reaction: 'Invalid', code: 'nameTaken' });
  });

  it('waits for a list that is behind', async () => {
    world.fake.project.conditions.listLagMs = 60_000;
    await launch('i-1');
    await expect(launch('i-1')).rejects.toMatchObject({ reaction: 'Transient', code: 'notListedYet' });
  });

  it.each([
    [412, 'resource_unavailable', 'NoCapacity'],
    [422, 'placement_error', 'NoCapacity'],
    [403, 'resource_limit_exceeded', 'NoCapacity'],
    [401, 'unauthorized', 'Unauthorized'],
    [403, 'forbidden', 'Unauthorized'],
    [403, 'token_readonly', 'Unauthorized'],
    [422, 'invalid_input', 'Invalid'],
    [404, 'not_found', 'Invalid'],
    [423, 'locked', 'Transient'],
    [409, 'conflict', 'Transient'],
    [503, 'maintenance', 'Transient'],
    [503, 'unavailable', 'Transient'],
    [504, 'timeout', 'Transient'],
    [500, 'something_new', 'Transient'],
    [422, 'something_new', 'Invalid'],
  ])('answers HTTP %i %s with %s', async (status, code, reaction) => {
    world.fake.fail('POST /servers', { kind: 'refuse', status, code });
    const error = await launch('i-1').catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(PortError);
    expect(error).toMatchObject({ reaction, code });
    expect(world.fake.project.servers).toEqual([]);
  });

  it('hands on how long to wait', async () => {
    world.fake.fail('POST /servers', { kind: 'refuse', status: 429, code: 'rate_limit_exceeded', retryAfterS: 7 });
    await expect(launch('i-1')).rejects.toMatchObject({ reaction: 'RateLimited', retryAfterMs: 7_000 });
  });

  it('is tried again after an answer that is none of the API', async () => {
    world.fake.fail('POST /servers', { kind: 'garble' });
    await expect(launch('i-1')).rejects.toMatchObject({ reaction: 'Transient', code: 'unanswered' });
  });

  it('has no room where the type is not offered, or sold out', async () => {
    const ash = { zone: 'ash', instanceType: 'cx23' };
    await expect(launch('i-1', {}, ash)).rejects.toMatchObject({ reaction: 'NoCapacity', code: 'notOffered' });
    world.fake.project.conditions.full.add('nbg1/cx23');
    await expect(launch('i-1')).rejects.toMatchObject({ reaction: 'NoCapacity' });
    expect(await launch('i-2', {}, { zone: 'fsn1', instanceType: 'cx23' })).toMatchObject({ zone: 'fsn1' });
  });

  it('names a type that there is not', async () => {
    const nowhere = { zone: 'nbg1', instanceType: 'cx9000' };
    await expect(launch('i-1', {}, nowhere)).rejects.toMatchObject({ reaction: 'Invalid' });
    const request = launchRequest('i-1', { settings: templateSettings({ serverType: null }) });
    await expect(provider.launch(request, signal)).rejects.toMatchObject({ reaction: 'Invalid', code: 'noServerType' });
  });

  it('takes the newest snapshot with the labels, of the architecture of the type', async () => {
    const labels = { app: 'shop' };
    const snapshot = (id: number, created: string, more = {}) =>
      image({ id, name: null, type: 'snapshot', created, labels, ...more });
    world.fake.project.images.push(
      snapshot(11, '2026-01-01T00:00:00Z'),
      snapshot(12, '2026-03-01T00:00:00Z'),
      snapshot(13, '2026-04-01T00:00:00Z', { architecture: 'arm' }),
      snapshot(14, '2026-02-01T00:00:00Z'),
    );
    await launch('i-1', { image: { selector: 'app=shop' } });
    await launch('i-2', { image: { selector: 'app=shop' } }, { zone: 'nbg1', instanceType: 'cax11' });
    expect(world.fake.project.servers.map((server) => server.image?.id)).toEqual([12, 13]);
    await expect(launch('i-3', { image: { selector: 'app=none' } })).rejects.toMatchObject({ code: 'noImage' });
  });

  it('finds networks and firewalls by name, once', async () => {
    const network = world.fake.project.addNetwork('inner');
    const firewall = world.fake.project.addFirewall('web');
    const settings = {
      networks: ['inner'],
      firewalls: ['web'],
      address: 'private',
      publicIpv4: false,
      publicIpv6: false,
    };
    expect(await launch('i-1', settings)).toMatchObject({ addresses: [] });
    await launch('i-2', settings);
    expect(calls().filter((call) => call === 'GET /networks')).toHaveLength(1);
    expect(world.fake.project.servers[1]).toMatchObject({
      labels: { 'drover-network': String(network.id) },
      public_net: { ipv4: null, ipv6: null, firewalls: [{ id: firewall.id }] },
    });
    const addresses = async () => (await provider.list(signal)).machines.flatMap((machine) => machine.addresses);
    await expect.poll(addresses).toHaveLength(2);
    await expect(launch('i-3', { networks: ['outer'] })).rejects.toMatchObject({
      reaction: 'Invalid',
      code: 'unknownName',
    });
  });

  it('puts ten servers into each placement group at most', async () => {
    const ids = Array.from({ length: 12 }, (_, index) => `i-${index}`);
    await Promise.all(ids.map((id) => launch(id, { placementGroup: 'spread' })));
    expect(world.fake.project.placementGroups.map(({ servers }) => servers.length)).toEqual([10, 2]);
  });

  it('gives the instance its user data, and refuses what is too large', async () => {
    const text = '{{ drover.instanceId }} of {{ drover.fleet }}: {{ drover.secrets.KEY }}';
    const withKey = (variable: string) => ({ userData: { text, secrets: { KEY: { variable } } } });
    process.env.DROVER_TEST_KEY = 'k3y';
    process.env.DROVER_TEST_LONG_KEY = 'y'.repeat(16_000);
    const machine = await launch('i-1', withKey('DROVER_TEST_KEY'));
    expect(world.fake.project.userDataOf(Number(machine.id))).toBe('i-1 of shop: k3y');
    const large = { userData: { ...withKey('DROVER_TEST_LONG_KEY').userData, text: text.repeat(3) } };
    await expect(launch('i-2', large)).rejects.toMatchObject({ reaction: 'Invalid', code: 'userDataTooLarge' });
    expect(world.fake.project.servers).toHaveLength(1);
  });

  it('keeps names as labels that labels cannot have', async () => {
    const odd = await world.open('shop-');
    await odd.launch(launchRequest('i-1', { group: 'web_', settings: templateSettings({}) }), signal);
    expect((await odd.list(signal)).machines).toMatchObject([{ group: 'web_', instanceId: 'i-1' }]);
    expect((await provider.list(signal)).machines).toEqual([]);
  });
});
