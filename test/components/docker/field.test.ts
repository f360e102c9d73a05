import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/model/json.ts';
import { DockerEngine, TINY_WEB } from '../../support/docker-engine.ts';
import { DockerWorld, settings } from '../../support/docker-world.ts';
import { describeEngineInTheField } from '../../support/engine-field.ts';
import { launchRequest } from '../../support/launch-request.ts';
import { terminated } from '../../support/process-world.ts';
import { requires } from '../../support/requires.ts';

const run = promisify(execFile);

requires('docker')('an engine in the field', () => {
  const { signal } = new AbortController();
  let engine: DockerEngine;
  let world: DockerWorld;

  beforeAll(async () => {
    engine = await DockerEngine.start();
    world = new DockerWorld([engine]);
  });
  afterAll(async () => {
    await world.dispose();
    await engine.dispose();
  });

  const launch = async (written: JsonObject = {}) => {
    const provider = await world.open('shop');
    return {
      provider,
      machine: await provider.launch(launchRequest('i-1', { settings: settings(written) }), signal),
    };
  };
  const inspect = async (format: string) =>
    (await engine.docker('inspect', '--format', format, 'drover.shop.i-1')).trim();

  describeEngineInTheField(
    () => world,
    (...args) => engine.docker(...args),
  );

  it('keeps a container whose files are in use: its removal fails, is said to, and succeeds later', async () => {
    const { provider, machine } = await launch();
    const file = join(engine.folder, 'data', 'containers', await inspect('{{.Id}}'), 'in-use');
    await writeFile(file, '');
    await run('chattr', ['+i', file]);
    const refusal = () => provider.terminate(machine.id, signal).catch((reason: unknown) => reason);
    await expect
      .poll(refusal)
      .toMatchObject({ reaction: 'Transient', message: expect.stringMatching(/removing .*not permitted/) });
    // It is there, it has stopped, and it counts.
    expect((await provider.list(signal)).machines).toMatchObject([{ id: machine.id, state: 'stopped' }]);
    await run('chattr', ['-i', file]);
    await terminated(provider, machine.id);
    expect(await engine.containers()).toEqual([]);
  });

  it("runs no health check of an image's own, which costs a process each time and may hang when a server is stopped", async () => {
    await engine.docker('create', '--name', 'source', TINY_WEB);
    await engine.docker('commit', '--change', 'HEALTHCHECK --interval=1s CMD sleep 3600', 'source', 'checked:1');
    await engine.docker('rm', 'source');
    const { provider, machine } = await launch({ image: 'checked:1' });
    expect(await inspect('{{json .State.Health}}')).toBe('null');
    await terminated(provider, machine.id);
  });

  it('says why a server has ended, also where nobody can read what it printed', async () => {
    const { provider, machine } = await launch({
      command: ['/bin/sh', '-c', 'echo hello; exit 3'],
      log: { driver: 'none' },
    });
    await expect
      .poll(async () => (await provider.list(signal)).machines)
      .toMatchObject([{ state: 'stopped', detail: 'it exited with code 3' }]);
    await terminated(provider, machine.id);
  });

  it("has ports at the host's own address alone, and gives those of an ended server to others", async () => {
    const { provider, machine } = await launch({ publishedPorts: [80, 81] });
    expect(await inspect('{{range .NetworkSettings.Ports}}{{range .}}{{.HostIp}} {{end}}{{end}}')).toBe(
      '127.0.0.1 127.0.0.1',
    );
    expect(machine.ports?.map(({ port }) => port)).toEqual([80, 81]);
    await terminated(provider, machine.id);
    const again = await launch({ publishedPorts: [80, 81] });
    expect(again.machine).toMatchObject({ state: 'running', addresses: ['127.0.0.1'] });
    await terminated(again.provider, again.machine.id);
  });

  it("ends no other fleet's container that has the name of a server", async () => {
    const labels = ['drover.fleet=other', 'drover.group=web', 'drover.instance-id=i-1', 'drover.launched-at=5'];
    const options = labels.flatMap((label) => ['--label', label]);
    await engine.docker('run', '--detach', '--name', 'drover.shop.i-1', ...options, TINY_WEB);
    const provider = await world.open('shop');
    await expect(provider.terminate('drover.shop.i-1', signal)).rejects.toMatchObject({ reaction: 'NotFound' });
    const launched = provider.launch(launchRequest('i-1', { settings: world.settings }), signal);
    await expect(launched).rejects.toMatchObject({ reaction: 'Invalid', code: 'otherContainer' });
    expect((await provider.list(signal)).machines).toEqual([]);
    expect(await inspect('{{.State.Status}}')).toBe('running');
  });
});
