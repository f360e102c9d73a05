import { chmod, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/model/json.ts';
import type { Machine } from '../../../src/model/observation.ts';
import type { Provider } from '../../../src/ports/provider.ts';
import { DockerEngine, TINY_WEB } from '../../support/docker-engine.ts';
import { launchRequest } from '../../support/launch-request.ts';
import { processesWith } from '../../support/processes.ts';
import { requires } from '../../support/requires.ts';
import { containerHost } from '../../support/vagrant-engine.ts';
import { VagrantWorld } from '../../support/vagrant-world.ts';

const PATIENCE = { timeout: 60_000 };

requires('vagrant')('the vagrant provider', () => {
  const { signal } = new AbortController();
  let engine: DockerEngine;
  let world: VagrantWorld;
  let provider: Provider;

  beforeAll(async () => {
    engine = await DockerEngine.start();
  });
  beforeEach(async () => {
    world = await VagrantWorld.make(containerHost(engine));
    provider = await world.open('shop');
  });
  afterEach(() => world.dispose());
  afterAll(() => engine.dispose());

  const launch = (id: string, more: JsonObject = {}, by = provider) =>
    by.launch(launchRequest(id, { settings: world.template(more) }), signal);
  const listed = async (by = provider) => (await by.list(signal)).machines;
  const gone = (id: string, by = provider) =>
    expect
      .poll(
        () =>
          by.terminate(id, signal).then(
            () => null,
            (error: unknown) => error,
          ),
        PATIENCE,
      )
      .toMatchObject({ reaction: 'NotFound' });
  const nothingIsLeft = async () => {
    expect(await engine.containers()).toEqual([]);
    expect(await engine.networks()).toEqual([]);
    expect(await world.machines()).toEqual([]);
    await expect.poll(() => processesWith(world.folder), PATIENCE).toEqual([]);
  };

  it('writes a folder for its own user alone, with a machine of its own name', async () => {
    const machine = await launch('i-1');
    const [network = ''] = await engine.networks();
    expect(network).toMatch(/^vagrant_network_172\.26\./);
    expect(await engine.containers()).toEqual(['shop-i-1']);
    expect((await readdir(join(world.dataDir, 'i-1'))).toSorted()).toEqual([
      '.vagrant',
      'Vagrantfile',
      'machine.json',
      'server.json',
    ]);
    expect(await engine.docker('exec', 'shop-i-1', 'hostname')).toBe('i-1\n');
    const labels = await engine.docker('inspect', 'shop-i-1', '--format', '{{json .Config.Labels}}');
    expect(JSON.parse(labels)).toEqual({
      'drover.vagrant.fleet': 'shop',
      'drover.vagrant.group': 'web',
      'drover.vagrant.instance': 'i-1',
    });
    const answer = await fetch(`http://${machine.addresses[0]}/`);
    expect(await answer.text()).toBe('i-1\n');
    await gone('i-1');
    await nothingIsLeft();
  });

  it('hands on what the fleet file says as data, not as a part of the program', async () => {
    const evil = '"}\'#{File.write("/tmp/drover-vagrant-evil", "x")}`id`$(id)';
    await launch('i-1', { memory: '64MiB', cpus: 1, providerSettings: { image: TINY_WEB, env: { A: evil } } });
    const text = await engine.docker('inspect', 'shop-i-1', '--format', '{{json .Config.Env}} {{.HostConfig.Memory}}');
    expect(text).toContain(JSON.stringify(`A=${evil}`));
    expect(text).toContain(String(64 * 1024 * 1024));
  });

  it('cleans up after a launch that fails half way, where Vagrant itself loses sight of the container', async () => {
    const providerSettings = { image: TINY_WEB, create_args: ['--network', 'nowhere'] };
    await expect(launch('i-1', { providerSettings })).rejects.toMatchObject({ reaction: 'Transient' });
    await nothingIsLeft();
    expect(await launch('i-1')).toMatchObject({ state: 'running' });
  });

  it('says which image is missing, and leaves nothing', async () => {
    const error = await launch('i-1', { providerSettings: { image: 'nowhere.invalid/none:1' } }).catch(
      (reason) => reason,
    );
    expect(error.message).toContain('docker pull');
    await nothingIsLeft();
  });

  it('says that a template without an image is wrong', async () => {
    await expect(launch('i-1', { providerSettings: {} })).rejects.toMatchObject({
      reaction: 'Invalid',
      code: 'settings',
    });
    await expect(launch('i-1', { providerSettings: { image: TINY_WEB, nonsense: 1 } })).rejects.toMatchObject({
      reaction: 'Invalid',
      code: 'settings',
    });
    await nothingIsLeft();
  });

  it('goes on to the next address when one is taken by somebody else', async () => {
    const [first] = [await launch('i-0')];
    const address = first?.addresses[0] ?? '';
    const next = address.replace(/\d+$/, (last) => String(Number(last) + 1));
    const [network = ''] = await engine.networks();
    await engine.docker('run', '--detach', '--name', 'other', '--network', network, '--ip', next, TINY_WEB);
    const machine = await launch('i-1');
    expect(machine.state).toBe('running');
    expect(machine.addresses).not.toEqual([next]);
    expect(machine.addresses).not.toEqual([address]);
  });

  it('leaves a machine of the same name alone that it did not make', async () => {
    await engine.docker('run', '--detach', '--name', 'shop-i-1', TINY_WEB);
    await expect(launch('i-1')).rejects.toMatchObject({ reaction: 'Invalid', code: 'nameTaken' });
    expect(await engine.containers()).toEqual(['shop-i-1']);
    expect(await world.machines()).toEqual([]);
  });

  it('gives up a launch whose caller has gone to whoever asks next, as one machine', async () => {
    const abort = new AbortController();
    const call = provider.launch(launchRequest('i-1', { settings: world.settings }), abort.signal);
    await expect.poll(() => listed(), PATIENCE).toHaveLength(1);
    abort.abort();
    await expect(call).rejects.toMatchObject({ reaction: 'Transient' });
    expect(await listed()).toMatchObject([{ instanceId: 'i-1', state: 'pending', addresses: [] }]);
    expect(await launch('i-1')).toMatchObject({ state: 'running' });
    expect(await engine.containers()).toEqual(['shop-i-1']);
  });

  it('goes on in the same folder after a controller was killed in the middle of an up', async () => {
    const abort = new AbortController();
    const first = await world.open('shop');
    const call = first.launch(launchRequest('i-1', { settings: world.settings }), abort.signal).catch(() => null);
    await expect.poll(() => engine.containers(), PATIENCE).toEqual(['shop-i-1']);
    // As a machine of the hypervisor's whose id nobody has noted.
    await first.close();
    await call;
    expect(await listed()).toMatchObject([{ instanceId: 'i-1', state: 'pending' }]);
    expect(await launch('i-1')).toMatchObject({ instanceId: 'i-1', state: 'running' });
    expect(await engine.containers()).toEqual(['shop-i-1']);
    await gone('i-1');
    await nothingIsLeft();
  });

  it('ends an up that is under way when its server is terminated', async () => {
    const call = launch('i-1').catch((error: unknown) => error);
    await expect.poll(() => engine.containers(), PATIENCE).toEqual(['shop-i-1']);
    await gone('i-1');
    await call;
    await nothingIsLeft();
  });

  it('terminates what somebody else has removed, or whose id was lost', async () => {
    await launch('i-1');
    await launch('i-2');
    await engine.docker('rm', '--force', 'shop-i-1');
    await rm(join(world.dataDir, 'i-2', '.vagrant'), { recursive: true });
    const states = (await listed()).map(({ instanceId, state, detail }: Machine) => [instanceId, state, detail]);
    expect(states).toEqual([
      ['i-1', 'stopped', 'it was removed by somebody else'],
      ['i-2', 'running', ''],
    ]);
    await gone('i-1');
    await gone('i-2');
    await nothingIsLeft();
  });

  it('gives no address again that a server has just given up', async () => {
    const first = await launch('i-1');
    await gone('i-1');
    const second = await launch('i-2');
    expect(second.addresses).not.toEqual(first.addresses);
  });

  it('says when no address is left, and makes nothing', async () => {
    const { network } = (world.host.providerSettings as { privateNetwork: { network: string } }).privateNetwork;
    const only = network.replace('.0/24', '.99');
    const narrow = await world.open('shop', { privateNetwork: { network, from: only, to: only } });
    expect(await launch('i-1', {}, narrow)).toMatchObject({ addresses: [only] });
    await expect(launch('i-2', {}, narrow)).rejects.toMatchObject({ reaction: 'NoCapacity', code: 'noAddress' });
    expect(await world.machines()).toEqual(['i-1']);
  });

  it('trusts no folder that others may change', async () => {
    await launch('i-1');
    const folder = join(world.dataDir, 'i-1');
    await chmod(folder, 0o777);
    await expect(provider.list(signal)).rejects.toMatchObject({ reaction: 'Invalid', code: 'machineFolder' });
    await expect(provider.terminate('i-1', signal)).rejects.toMatchObject({ code: 'machineFolder' });
    await chmod(folder, 0o700);
    await writeFile(join(folder, 'machine.json'), '{}');
    await expect(provider.list(signal)).rejects.toMatchObject({ code: 'machineFolder' });
    // A folder without a record is no machine.
    await rm(folder, { recursive: true });
    await mkdir(folder, { mode: 0o777 });
    expect(await listed()).toEqual([]);
  });

  it('says that the engine cannot be reached, and replaces nothing for it', async () => {
    await launch('i-1');
    const blind = await world.open('shop', { dockerHost: `unix://${engine.folder}/nowhere.sock` });
    await expect(blind.list(signal)).rejects.toMatchObject({ reaction: 'Transient', code: 'unreachable' });
  });

  it('has nothing of its environment but what Vagrant needs', async () => {
    process.env.DROVER_TEST_TOKEN = 'a secret';
    const call = launch('i-1');
    const vagrants = () => processesWith(`VAGRANT_CWD=${join(world.dataDir, 'i-1')}`);
    await expect.poll(async () => (await vagrants()).length, PATIENCE).toBeGreaterThan(0);
    const [one] = await vagrants();
    const environment = await readFile(`/proc/${one?.pid}/environ`, 'utf8');
    expect(environment).not.toContain('DROVER_TEST_TOKEN');
    delete process.env.DROVER_TEST_TOKEN;
    await call;
  });

  it('is examined by drover doctor', async () => {
    expect(await world.diagnose()).toMatchObject([
      { level: 'ok', message: expect.stringMatching(/^Vagrant \d/) },
      { level: 'ok', message: expect.stringMatching(/^docker \d.* answers\.$/) },
      { level: 'ok', message: expect.stringContaining('No other network') },
    ]);
    const broken = await world.diagnose({ vagrantProvider: 'virtualbox', dockerHost: undefined as never });
    expect(broken).toMatchObject([{ level: 'ok' }, { level: 'error' }, { level: 'warning' }, { level: 'ok' }]);
  });
});
