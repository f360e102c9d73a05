import { existsSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/model/json.ts';
import type { Provider } from '../../../src/ports/provider.ts';
import { staticProvider } from '../../../src/providers/static/index.ts';
import { launchRequest } from '../../support/launch-request.ts';
import { requires } from '../../support/requires.ts';
import { StaticWorld } from '../../support/static-world.ts';

const { signal } = new AbortController();

requires('sshd')('the static provider over ssh', () => {
  let world: StaticWorld;
  let provider: Provider;

  beforeEach(async () => {
    world = await StaticWorld.ssh(2);
    provider = await world.open('shop');
  });
  afterEach(() => world.dispose());

  function launch(id: string, zone: string, by: Provider = provider, more: JsonObject = {}) {
    const settings = staticProvider.settingsSchema('/').parse(world.template(more));
    return by.launch(launchRequest(id, { settings, placement: { zone, instanceType: null } }), signal);
  }

  async function stateOf(id: string): Promise<string | undefined> {
    return (await provider.list(signal)).machines.find((machine) => machine.instanceId === id)?.state;
  }

  it('lets one fleet have a host, also of two that ask at once', async () => {
    const other = await world.open('other');
    const calls = await Promise.allSettled([launch('i-1', 'h0'), launch('i-2', 'h0', other)]);
    expect(calls.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    expect(calls.find((call) => call.status === 'rejected')).toMatchObject({
      reason: { reaction: 'NoCapacity', code: 'hostInUse' },
    });
    expect((await readFile(join(world.hosts.home(0), 'history'), 'utf8')).trim()).toBe('start');
  });

  it('goes on with a launch that was killed after its claim', async () => {
    await writeFile(join(world.hosts.home(0), 'fail'), '');
    const stuck = await launch('i-1', 'h0', provider, { stop: ['false'] }).catch((reason: unknown) => reason);
    expect(stuck).toMatchObject({ reaction: 'Transient', code: 'stopFailed' });
    expect(await stateOf('i-1')).toBe('pending');
    await rm(join(world.hosts.home(0), 'fail'));
    expect(await launch('i-1', 'h0')).toMatchObject({ state: 'running', zone: 'h0' });
  });

  it('names a host that cannot be reached, and lists the others', async () => {
    const hosts = { h0: { address: world.hosts.addresses[0] ?? '' }, gone: { address: '127.0.0.9' } };
    const partly = await world.open('shop', { hosts });
    await launch('i-1', 'h0', partly);
    const { machines, unseenZones } = await partly.list(signal);
    expect(machines).toMatchObject([{ instanceId: 'i-1', zone: 'h0', state: 'running' }]);
    expect([...unseenZones.keys()]).toEqual(['gone']);
    await expect(launch('i-2', 'gone', partly)).rejects.toMatchObject({ reaction: 'Transient', code: 'unreachable' });
    await world.hosts.cutOff();
    await expect(partly.list(signal)).rejects.toMatchObject({ reaction: 'Transient' });
  });

  it('does not talk to a host whose key it does not know', async () => {
    await writeFile(world.hosts.knownHostsFile, '');
    await expect(provider.list(signal)).rejects.toMatchObject({ reaction: 'Unauthorized', code: 'notAllowed' });
  });

  it('keeps a host that has failed out of use, across restarts, until its check passes', async () => {
    const fail = join(world.hosts.home(0), 'fail');
    await writeFile(fail, '');
    const checked = { check: ['test', '!', '-e', 'fail'] };
    const first = await world.open('shop', checked);
    const error = await launch('i-1', 'h0', first).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ reaction: 'NoCapacity', code: 'startFailed' });
    expect(String(error)).toContain('the disk is broken');
    const next = await world.open('shop', checked);
    await expect(launch('i-2', 'h0', next)).rejects.toMatchObject({ reaction: 'NoCapacity', code: 'quarantined' });
    expect(existsSync(join(world.hosts.home(0), 'drover', 'claim'))).toBe(false);
    await rm(fail);
    expect(await launch('i-3', 'h0', next)).toMatchObject({ state: 'running' });
  });

  it('restarts a server once before it gives its host up', async () => {
    const machine = await launch('i-1', 'h0', provider, { restart: ['./service', 'restart'] });
    await world.crash(machine);
    expect(await stateOf('i-1')).toBe('running');
    const history = () => readFile(join(world.hosts.home(0), 'history'), 'utf8');
    await expect.poll(history).toBe('start\nstart\n');
    await expect.poll(async () => (await provider.list(signal)).machines[0]?.detail).toBe('on h0');
    await world.crash(machine);
    await expect.poll(() => stateOf('i-1')).toBe('stopped');
    await provider.terminate(machine.id, signal);
    expect(await stateOf('i-1')).toBeUndefined();
  });
});
