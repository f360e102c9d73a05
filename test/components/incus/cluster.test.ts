import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Provider } from '../../../src/ports/provider.ts';
import { incusProvider } from '../../../src/providers/incus/index.ts';
import { IncusHost } from '../../support/incus-host.ts';
import { IncusWorld, incusProviderSettings, incusSettings } from '../../support/incus-world.ts';
import { launchRequest } from '../../support/launch-request.ts';
import { terminated } from '../../support/process-world.ts';
import { requires } from '../../support/requires.ts';

requires('incus')('a cluster of Incus servers', () => {
  const { signal } = new AbortController();
  let members: readonly [IncusHost, IncusHost];
  let world: IncusWorld;
  let provider: Provider;

  beforeAll(async () => {
    members = await IncusHost.startCluster();
    world = await IncusWorld.make(members[0]);
    provider = await world.open('shop', { socket: members[0].socket, members: ['a', 'b'] });
  });

  afterAll(async () => {
    await world.dispose();
    await members[1].leave();
    await members[0].leave();
  });

  const list = () => provider.list(signal);
  const launch = (id: string, zone: string) => {
    const placement = { zone, instanceType: null };
    return provider.launch(launchRequest(id, { settings: incusSettings({ stopTimeout: '1s' }), placement }), signal);
  };

  it('has its members as zones: one that is cut off is named at once, and its machines come back as they were', async () => {
    const a = await launch('i-1', 'a');
    const b = await launch('i-2', 'b');
    expect((await list()).machines.map(({ id, zone }) => [id, zone])).toEqual(
      expect.arrayContaining([
        [a.id, 'a'],
        [b.id, 'b'],
      ]),
    );
    const place = await world.open('shop');
    expect((await place.list(signal)).machines).toHaveLength(2);

    await members[1].stopDaemon();
    const isUnseen = async () => {
      const seen = await list();
      expect(seen.machines.map(({ id }) => id)).toEqual([a.id]);
      expect([...seen.unseenZones.keys()]).toEqual(['b']);
      return seen.unseenZones.get('b');
    };
    // Before the cluster takes the member for offline, and after.
    expect(await isUnseen()).toBe('the cluster does not reach its member b');
    await expect(place.list(signal)).rejects.toMatchObject({ reaction: 'Transient', code: 'unreachedMember' });
    await expect.poll(isUnseen, { timeout: 40_000, interval: 500 }).toMatch(/No heartbeat/);
    await expect(provider.terminate(b.id, signal)).rejects.toMatchObject({ reaction: 'Transient' });
    await expect(launch('i-3', 'b')).rejects.toMatchObject({ reaction: 'Transient' });
    const settings = incusProviderSettings({ socket: members[0].socket, members: ['a', 'b', 'c'] });
    const context = { fleet: 'shop', settings, dataDir: world.dataDir, clock: world.clock, onProblem: () => undefined };
    const findings = (await incusProvider.diagnose?.(context, signal)) ?? [];
    const levelOf = (what: string) => findings.find(({ message }) => message.includes(what))?.level;
    expect([levelOf('member a is online'), levelOf('member b is offline'), levelOf('no member c')]).toEqual([
      'ok',
      'warning',
      'warning',
    ]);

    await members[1].startDaemon();
    await expect.poll(async () => (await list()).unseenZones.size, { timeout: 40_000, interval: 500 }).toBe(0);
    const back = (await list()).machines;
    expect(back.map(({ state }) => state)).toEqual(['running', 'running']);
    for (const { id } of back) await terminated(provider, id);
    await expect(launch('i-4', 'c')).rejects.toMatchObject({ reaction: 'Invalid', code: 'missing' });
    expect((await list()).machines).toEqual([]);
  });
});
