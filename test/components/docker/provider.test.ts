import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/model/json.ts';
import type { Provider } from '../../../src/ports/provider.ts';
import { DockerEngine, TINY_WEB } from '../../support/docker-engine.ts';
import { DockerWorld, settings } from '../../support/docker-world.ts';
import { launchRequest } from '../../support/launch-request.ts';
import { terminated } from '../../support/process-world.ts';
import { requires } from '../../support/requires.ts';

requires('docker')('a server in a container', () => {
  const { signal } = new AbortController();
  let engine: DockerEngine;
  let world: DockerWorld;
  let provider: Provider;

  beforeAll(async () => {
    engine = await DockerEngine.start();
    world = new DockerWorld([engine]);
    provider = await world.open('shop');
  });
  beforeEach(() => engine.clear());
  afterAll(async () => {
    await world.dispose();
    await engine.dispose();
  });

  const launch = (written: JsonObject = {}) =>
    provider.launch(launchRequest('i-1', { settings: settings(written) }), signal);
  const listed = async () => (await provider.list(signal)).machines[0];
  const inspect = async (format: string) =>
    (await engine.docker('inspect', '--format', format, 'drover.shop.i-1')).trim();

  it('has what its launch template says, and no more rights than it needs', async () => {
    await launch({
      environment: { COLOUR: 'blue' },
      labels: { team: 'web' },
      mounts: [
        { type: 'volume', target: '/data' },
        { type: 'tmpfs', target: '/scratch', size: '1MiB' },
      ],
      workingDirectory: '/www',
    });
    expect(await inspect('{{json .Config.Env}}')).toContain('COLOUR=blue');
    expect(await inspect('{{json .Config.Env}}')).toContain('DROVER_INSTANCE_ID=i-1');
    expect(await inspect('{{.Config.Labels.team}} {{index .Config.Labels "drover.fleet"}}')).toBe('web shop');
    expect(await inspect('{{.HostConfig.Privileged}} {{.HostConfig.RestartPolicy.Name}} {{.HostConfig.Init}}')).toBe(
      'false no true',
    );
    expect(await inspect('{{json .HostConfig.SecurityOpt}}')).toBe('["no-new-privileges"]');
    expect(await inspect('{{json .HostConfig.LogConfig.Config}}')).toBe('{"max-file":"2","max-size":"10m"}');
    expect(await engine.docker('exec', 'drover.shop.i-1', 'pwd')).toBe('/www\n');
    // Its own volume goes with it.
    expect((await engine.docker('volume', 'ls', '--quiet')).trim()).not.toBe('');
    await terminated(provider, 'drover.shop.i-1');
    expect(await engine.docker('volume', 'ls', '--quiet')).toBe('');
  });

  it('says why it has ended, with its last line', async () => {
    await launch({ command: ['/bin/sh', '-c', 'echo no database >&2; exit 3'] });
    await expect.poll(async () => (await listed())?.state).toBe('stopped');
    expect(await listed()).toMatchObject({ detail: 'it exited with code 3; its last line: no database' });
  });

  it('that was made and not started is pending, and started by the next launch', async () => {
    const machine = await launch();
    await terminated(provider, machine.id);
    const labels = ['drover.fleet=shop', 'drover.group=web', 'drover.instance-id=i-1', 'drover.launched-at=5'];
    await engine.docker('create', '--name', 'drover.shop.i-1', ...labels.flatMap((one) => ['--label', one]), TINY_WEB);
    expect(await listed()).toMatchObject({ state: 'pending', launchedAt: 5 });
    expect(await launch()).toMatchObject({ state: 'running', launchedAt: 5 });
  });

  it('that has stopped stays so, whatever is asked for its instance', async () => {
    await launch();
    await engine.kill('drover.shop.i-1');
    expect(await launch()).toMatchObject({ state: 'stopped' });
    expect(await inspect('{{.State.Status}}')).toBe('exited');
  });

  it.each([
    ['an image that is not there', { image: 'nowhere:1' }, { reaction: 'Invalid', code: 'noImage' }],
    [
      'a command that is not there',
      { command: ['/bin/nothing'], init: false },
      { reaction: 'Invalid', code: 'noCommand' },
    ],
    ['a network that is not there', { networks: ['nothing'] }, { reaction: 'Invalid', code: 'noNetwork' }],
    ['a user that is not there', { user: 'nobody-there' }, { reaction: 'Invalid', code: 'noUser' }],
    [
      'a folder of the host that is not there',
      { mounts: [{ type: 'bind', source: '/nothing/there', target: '/x' }] },
      { reaction: 'Invalid', code: 'noMount' },
    ],
  ])('leaves nothing when it is refused: %s', async (_, written, error) => {
    await expect(launch(written)).rejects.toMatchObject(error);
    expect(await engine.containers()).toEqual([]);
  });

  it('is not taken from somebody else who has its name', async () => {
    await engine.docker('create', '--name', 'drover.shop.i-1', TINY_WEB);
    await expect(launch()).rejects.toMatchObject({ reaction: 'Invalid', code: 'otherContainer' });
    await expect(provider.terminate('drover.shop.i-1', signal)).rejects.toMatchObject({ reaction: 'NotFound' });
    expect(await engine.containers()).toEqual(['drover.shop.i-1']);
  });

  it('needs an address of its network: a network that is full is NoCapacity', async () => {
    // Of four addresses one is the network's, one the gateway's and one the broadcast's.
    await engine.docker('network', 'create', '--subnet', '172.31.254.252/30', 'narrow');
    await launch({ networks: ['narrow'] });
    const second = provider.launch(launchRequest('i-2', { settings: settings({ networks: ['narrow'] }) }), signal);
    await expect(second).rejects.toMatchObject({ reaction: 'NoCapacity', code: 'noAddress' });
    expect(await engine.containers()).toEqual(['drover.shop.i-1']);
  });

  it('is looked after by an engine that doctor examines', async () => {
    const findings = await world.diagnose();
    expect(findings.map(({ message }) => message).join('\n')).toMatch(/is reached: version .*, API/);
    const nowhere = new DockerWorld([{ ...engine, host: 'unix:///nonexistent/docker.sock' } as DockerEngine]);
    expect(await nowhere.diagnose()).toMatchObject([
      { level: 'error', message: expect.stringMatching(/cannot be used/) },
    ]);
  });
});
