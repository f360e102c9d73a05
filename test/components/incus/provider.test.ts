import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/model/json.ts';
import type { Provider } from '../../../src/ports/provider.ts';
import { incusProvider } from '../../../src/providers/incus/index.ts';
import { instanceName } from '../../../src/providers/incus/instances.ts';
import { IncusHost } from '../../support/incus-host.ts';
import { IncusWorld, incusProviderSettings, incusSettings } from '../../support/incus-world.ts';
import { launchRequest } from '../../support/launch-request.ts';
import { terminated } from '../../support/process-world.ts';
import { requires } from '../../support/requires.ts';

const FLEET = 'shop';

requires('incus')('the incus provider', () => {
  const { signal } = new AbortController();
  let host: IncusHost;
  let world: IncusWorld;
  let provider: Provider;

  beforeAll(async () => {
    host = await IncusHost.start();
  });
  afterAll(() => host.dispose());

  beforeEach(async () => {
    world = await IncusWorld.make(host);
    provider = await world.open(FLEET);
  });
  afterEach(() => world.dispose());

  const launch = (instanceId: string, written: JsonObject = {}, by = provider) =>
    by.launch(launchRequest(instanceId, { settings: incusSettings(written) }), signal);
  const list = async () => (await provider.list(signal)).machines;

  it('gives a server its configuration, devices and user data, with what differs from server to server', async () => {
    const secret = join(world.dataDir, 'word');
    await writeFile(secret, 'open sesame\n');
    const text = '#cloud-config\n# {{ drover.instanceId }} of {{ drover.group }}: {{ drover.secrets.WORD }}\n';
    const machine = await launch('i-1', {
      config: { 'limits.memory': '64MiB', 'limits.processes': 50, 'security.nesting': true },
      devices: { more: { type: 'disk', pool: 'default', path: '/more' } },
      userData: { text, secrets: { WORD: { file: secret } } },
    }).catch((error: unknown) => error);
    // A disk without a source is refused: a mistake in devices is one of the launch template.
    expect(machine).toMatchObject({ reaction: 'Invalid' });
    expect(await host.instances()).toEqual([]);

    const { id } = await launch('i-1', {
      config: { 'limits.memory': '64MiB', 'limits.processes': 50, 'security.nesting': true },
      devices: { more: { type: 'none' } },
      userData: { text, secrets: { WORD: { file: secret } } },
    });
    const config = (key: string) => host.incus('config', 'get', id, key).then((value) => value.trim());
    expect(await config('limits.memory')).toBe('64MiB');
    expect(await config('limits.processes')).toBe('50');
    expect(await config('security.nesting')).toBe('true');
    expect(await config('cloud-init.user-data')).toBe('#cloud-config\n# i-1 of web: open sesame');
    expect(await config('user.drover.instanceId')).toBe('i-1');
  });

  it('tells at once of a machine that stops by itself', async () => {
    let events = 0;
    const stop = provider.watch(() => {
      events += 1;
    });
    const { id } = await launch('i-1');
    await expect.poll(() => events).toBeGreaterThan(0);
    await expect.poll(async () => (await list())[0]?.addresses).toHaveLength(1);
    const before = events;
    // Its end may cut the command off.
    await host.incus('exec', id, '--', 'poweroff').catch(() => undefined);
    await expect.poll(() => events).toBeGreaterThan(before);
    await expect.poll(list).toMatchObject([{ id, state: 'stopped' }]);
    stop();
  });

  it('starts what was made and never started, once', async () => {
    const name = instanceName(FLEET, 'i-1');
    const tags = { fleet: FLEET, group: 'web', instanceId: 'i-1', launchedAt: '1700000000000', stopTimeoutMs: '1000' };
    const config = Object.entries(tags).flatMap(([key, value]) => ['--config', `user.drover.${key}=${value}`]);
    await host.incus('init', 'tiny', name, ...config);
    expect(await list()).toMatchObject([{ id: name, state: 'pending' }]);
    expect(await launch('i-1')).toMatchObject({ id: name, state: 'running', launchedAt: 1_700_000_000_000 });
    await host.incus('stop', '--force', name);
    expect(await launch('i-1')).toMatchObject({ id: name, state: 'stopped' });
  });

  it('takes no instance for its own that only looks like one', async () => {
    const { id } = await launch('i-1');
    await host.incus('copy', id, 'copied');
    await host.incus('init', 'tiny', instanceName(FLEET, 'i-2'));
    expect((await list()).map(({ instanceId }) => instanceId)).toEqual(['i-1']);
    for (const name of ['copied', instanceName(FLEET, 'i-2')]) {
      await expect(provider.terminate(name, signal)).rejects.toMatchObject({ reaction: 'NotFound' });
    }
    await expect(launch('i-2')).rejects.toMatchObject({ reaction: 'Invalid', code: 'otherInstance' });
    await terminated(provider, id);
    expect(await host.instances()).toHaveLength(2);
  });

  it.each<[JsonObject, JsonObject]>([
    [{ image: 'nothing' }, { reaction: 'Invalid', code: 'noImage' }],
    [{ type: 'virtual-machine' }, { reaction: 'Invalid', code: 'noImage' }],
    [{ profiles: ['nothing'] }, { reaction: 'Invalid', code: 'missing' }],
    [{ devices: { eth0: { type: 'nic', network: 'nothing' } } }, { reaction: 'Invalid', code: 'missing' }],
    [{ devices: { root: { type: 'disk', path: '/', pool: 'nothing' } } }, { reaction: 'Invalid', code: 'missing' }],
    [{ config: { 'limits.memory': 'lots' } }, { reaction: 'Invalid', code: 'refused' }],
    [{ config: { 'limits.nothing': '1' } }, { reaction: 'Invalid', code: 'refused' }],
    [
      { image: 'a', imageServer: 'https://127.0.0.1:1' },
      { reaction: 'Transient', code: 'notReached' },
    ],
  ])('says of a launch with %j that it is %j, and leaves nothing', async (written, error) => {
    await expect(launch('i-1', written)).rejects.toMatchObject(error);
    expect(await host.instances()).toEqual([]);
  });

  it('says NoCapacity where the project may have no more instances', async () => {
    await host.incus(
      'project',
      'create',
      'small',
      '--config',
      'features.images=false',
      '--config',
      'features.profiles=false',
      '--config',
      'limits.instances=1',
    );
    const small = await world.open(FLEET, { socket: host.socket, project: 'small' });
    const { id } = await launch('i-1', {}, small);
    await expect(launch('i-2', {}, small)).rejects.toMatchObject({ reaction: 'NoCapacity' });
    expect(await list()).toEqual([]);
    await terminated(small, id);
    await host.incus('project', 'delete', 'small');
  });

  it('throws while the server cannot be reached, and sees its machines again', async () => {
    const { id } = await launch('i-1');
    await host.stopDaemon();
    await expect(provider.list(signal)).rejects.toMatchObject({ reaction: 'Transient', code: 'unreachable' });
    await expect(provider.terminate(id, signal)).rejects.toMatchObject({ reaction: 'Transient' });
    await host.startDaemon();
    expect(await list()).toMatchObject([{ id, state: 'running' }]);
  });

  it('looks at all that servers need', async () => {
    const context = (socket: string) => ({
      fleet: FLEET,
      settings: incusProviderSettings({ socket }),
      dataDir: world.dataDir,
      clock: world.clock,
      onProblem: () => undefined,
    });
    const said = (await incusProvider.diagnose?.(context(host.socket), signal))
      ?.map(({ message }) => message)
      .join('\n');
    for (const what of [/with version \d/, /of memory left/, /storage pool default left/]) expect(said).toMatch(what);
    expect(await incusProvider.diagnose?.(context('/nothing'), signal)).toMatchObject([{ level: 'error' }]);
  });

  describe('over HTTPS', () => {
    it('takes the server by its own certificate, and is taken by the client certificate', async () => {
      const { url, serverCertificate, certificate, key } = await host.listenOnHttps();
      const remote = await world.open(FLEET, { url, serverCertificate, certificate, key });
      await expect(remote.list(signal)).rejects.toMatchObject({ reaction: 'Unauthorized', code: 'notTrusted' });
      await host.incus('config', 'trust', 'add-certificate', certificate);
      const { id } = await launch('i-1', {}, remote);
      expect(await list()).toMatchObject([{ id }]);
      // Another certificate than the server's own.
      const stranger = await world.open(FLEET, { url, serverCertificate: certificate, certificate, key });
      await expect(stranger.list(signal)).rejects.toMatchObject({ reaction: 'Transient', code: 'unreachable' });
      const unpinned = await world.open(FLEET, { url, certificate, key });
      await expect(unpinned.list(signal)).rejects.toMatchObject({ reaction: 'Transient', code: 'unreachable' });
      await terminated(remote, id);
    });

    it('does with a certificate that is restricted to one project', async () => {
      const { url, serverCertificate, certificate, key } = await host.listenOnHttps();
      await host.incus('project', 'create', 'own', '-c', 'features.images=false', '-c', 'features.profiles=false');
      await host.incus('config', 'trust', 'add-certificate', certificate, '--restricted', '--projects', 'own');
      const written = { url, serverCertificate, certificate, key };
      const restricted = await world.open(FLEET, { ...written, project: 'own' });
      const { id } = await launch('i-1', {}, restricted);
      await expect.poll(async () => (await restricted.list(signal)).machines[0]?.addresses).toHaveLength(1);
      let events = 0;
      const stop = restricted.watch(() => {
        events += 1;
      });
      await terminated(restricted, id);
      stop();
      expect(events).toBeGreaterThan(0);
      const context = { fleet: FLEET, dataDir: world.dataDir, clock: world.clock, onProblem: () => undefined };
      const settings = incusProviderSettings({ ...written, project: 'own' });
      expect(await incusProvider.diagnose?.({ ...context, settings }, signal)).toContainEqual(
        expect.objectContaining({ level: 'ok', message: expect.stringContaining('is reached') }),
      );
      const elsewhere = await world.open(FLEET, written);
      await expect(launch('i-2', {}, elsewhere)).rejects.toMatchObject({ reaction: 'Unauthorized' });
      await host.incus('project', 'delete', 'own');
    });
  });
});
