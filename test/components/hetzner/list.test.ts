import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Provider } from '../../../src/ports/provider.ts';
import { HetznerWorld, templateSettings } from '../../support/hetzner/world.ts';
import { launchRequest } from '../../support/launch-request.ts';

const { signal } = new AbortController();

describe('list at Hetzner', () => {
  let world: HetznerWorld;
  let provider: Provider;

  beforeEach(async () => {
    world = await HetznerWorld.make();
    provider = await world.open('shop');
  });

  afterEach(() => world.dispose());

  const launch = (instanceId: string, written = {}) =>
    provider.launch(launchRequest(instanceId, { settings: templateSettings(written) }), signal);
  const list = async () => (await provider.list(signal)).machines;

  async function launched(count: number): Promise<void> {
    for (let index = 0; index < count; index += 1) await launch(`i-${index}`);
    const states = async () => new Set((await list()).map(({ state }) => state));
    await expect.poll(states).toEqual(new Set(['running']));
    world.fake.calls.length = 0;
  }

  it('is one call for fifty servers, and all pages for more', async () => {
    await launched(50);
    expect(await list()).toHaveLength(50);
    expect(world.fake.calls).toHaveLength(1);
    await launch('i-50');
    expect(await list()).toHaveLength(51);
    expect(world.fake.calls.filter(({ route, method }) => method === 'GET' && route === '/servers')).toHaveLength(3);
  });

  it('is whole or fails: a page that cannot be read', async () => {
    await launched(51);
    world.fake.fail('GET /servers', { kind: 'refuse', status: 500, code: 'server_error' });
    await expect(list()).rejects.toMatchObject({ reaction: 'Transient' });
    world.fake.fail('GET /servers', { kind: 'garble' });
    await expect(list()).rejects.toMatchObject({ reaction: 'Transient' });
    world.fake.fail('GET /servers', { kind: 'loseAnswer' });
    await expect(list()).rejects.toMatchObject({ reaction: 'Transient' });
    expect(await list()).toHaveLength(51);
  });

  it('is read anew when a server goes between two pages, so that none falls out', async () => {
    await launched(101);
    const [first] = world.fake.project.servers;
    world.fake.onCall = ({ method, route }) => {
      if (method !== 'GET' || route !== '/servers') return;
      world.fake.onCall = () => undefined;
      world.fake.project.remove(first!.id);
    };
    const ids = (await list()).map(({ id }) => Number(id));
    expect(ids).toEqual(world.fake.project.servers.map(({ id }) => id));
  });

  it('shows a server that has just been made as pending, also where the list is behind', async () => {
    world.fake.project.conditions.listLagMs = 150;
    world.fake.project.conditions.actionMs = 100;
    await launch('i-1');
    const seen = new Set<string>();
    await expect
      .poll(
        async () => {
          for (const { state } of await list()) seen.add(state);
          return seen.has('running');
        },
        { interval: 10 },
      )
      .toBe(true);
    expect([...seen].toSorted()).toEqual(['pending', 'running']);
  });

  it('says why a server did not start, and terminates it', async () => {
    world.fake.project.conditions.startFails = true;
    const { id } = await launch('i-1');
    await expect.poll(async () => (await list())[0]?.state).toBe('stopped');
    expect((await list())[0]?.detail).toContain('its start_server failed: the host could not start the server');
    await terminated(id);
    expect(world.fake.project.servers).toEqual([]);
  });

  it('asks for another list while an address is awaited', async () => {
    world.fake.project.addNetwork('inner');
    let hints = 0;
    provider.watch(() => {
      hints += 1;
    });
    await launch('i-1', { networks: ['inner'], address: 'private' });
    await expect.poll(() => hints).toBeGreaterThan(0);
    expect((await list())[0]?.addresses).toHaveLength(1);
  });

  it('repeats the end of a server that is locked', async () => {
    const { id } = await launch('i-1');
    await expect.poll(async () => (await list())[0]?.state).toBe('running');
    world.fake.fail('DELETE /servers/{id}', { kind: 'refuse', status: 423, code: 'locked' }, 2);
    await terminated(id);
    expect(world.fake.project.servers).toEqual([]);
  });

  it('says what keeps a server from being deleted', async () => {
    const { id } = await launch('i-1');
    await expect.poll(async () => (await list())[0]?.state).toBe('running');
    world.fake.project.change(Number(id), { protection: { delete: true, rebuild: true } });
    await expect(provider.terminate(id, signal)).rejects.toMatchObject({ reaction: 'Invalid', code: 'protected' });
  });

  it('does not touch a server whose labels a person has taken away', async () => {
    const { id } = await launch('i-1');
    await expect.poll(async () => (await list())[0]?.state).toBe('running');
    world.fake.project.change(Number(id), { labels: {} });
    await expect(provider.terminate(id, signal)).rejects.toMatchObject({ reaction: 'NotFound' });
    expect(world.fake.project.servers).toHaveLength(1);
  });

  it('terminates with four calls, and removes the placement group that is empty then', async () => {
    const ids = [await launch('i-1', { placementGroup: 'spread' }), await launch('i-2', { placementGroup: 'spread' })];
    await expect.poll(async () => new Set((await list()).map(({ state }) => state))).toEqual(new Set(['running']));
    world.fake.calls.length = 0;
    await terminated(ids[0]!.id);
    expect(world.fake.calls.map(({ method, route }) => `${method} ${route}`)).toEqual([
      'GET /servers/{id}',
      'DELETE /servers/{id}',
      'GET /servers/{id}',
      'GET /placement_groups',
    ]);
    expect(world.fake.project.placementGroups).toHaveLength(1);
    await terminated(ids[1]!.id);
    expect(world.fake.project.placementGroups).toEqual([]);
  });

  async function terminated(id: string): Promise<void> {
    const ask = () => provider.terminate(id, signal).catch((error: unknown) => error);
    await expect.poll(ask).toMatchObject({ reaction: 'NotFound' });
  }
});
