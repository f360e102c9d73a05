import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/model/json.ts';
import type { Machine } from '../../../src/model/observation.ts';
import type { Provider } from '../../../src/ports/provider.ts';
import { staticProvider } from '../../../src/providers/static/index.ts';
import { launchRequest } from '../../support/launch-request.ts';
import { requires } from '../../support/requires.ts';
import { StaticWorld } from '../../support/static-world.ts';

const { signal } = new AbortController();
const PATIENCE = { timeout: 30_000 };
const MINUTE_MS = 60_000;
const HTTP_STATUS = { http: { port: 8080, path: '/health' } };

requires('sshd')('hosts that are switched on and reset from outside', () => {
  let world: StaticWorld;

  beforeEach(async () => {
    world = await StaticWorld.local(3);
  });
  afterEach(() => world.dispose());

  const file = (index: number, name: string) => join(world.hosts.home(index), name);
  const power = (more: JsonObject = {}) => {
    const command = (verb: string) => [world.bmc, verb, '{{ drover.variables.board }}'];
    return { wake: command('on'), reset: command('reset'), bootTimeout: '10s', ...more };
  };

  async function open(more: JsonObject = {}, fleet = 'shop'): Promise<Provider> {
    const entry = world.entry();
    const hosts = Object.entries(entry.hosts as Record<string, JsonObject>).map(([name, host]) => [
      name,
      { ...host, variables: { board: name } },
    ]);
    return await world.open(fleet, { hosts: Object.fromEntries(hosts), power: power(), ...more });
  }

  function launch(provider: Provider, id: string, zone: string, more: JsonObject = {}): Promise<Machine> {
    const settings = staticProvider.settingsSchema('/').parse(world.template(more));
    return provider.launch(launchRequest(id, { settings, placement: { zone, instanceType: null } }), signal);
  }

  async function machineOf(provider: Provider, id: string): Promise<Machine | undefined> {
    return (await provider.list(signal)).machines.find(({ instanceId }) => instanceId === id);
  }

  /** A server that has passed its status once. */
  async function serving(provider: Provider, id: string, zone: string, more: JsonObject = {}): Promise<Machine> {
    const machine = await launch(provider, id, zone, more);
    await expect.poll(async () => (await machineOf(provider, id))?.detail, PATIENCE).toBe(`on ${zone}`);
    return machine;
  }

  describe('a host at rest', () => {
    it('counts as free, and is switched on before it is used', async () => {
      const provider = await open({ check: ['test', '-e', 'service'] });
      await provider.list(signal);
      await world.goesDown(0);
      const { machines, unseenZones } = await provider.list(signal);
      expect([machines, [...unseenZones]]).toEqual([[], []]);
      const [found] =
        (await staticProvider.diagnose?.(
          { ...world.context('shop', { power: power({ wake: ['true'], reset: ['true'] }) }) },
          signal,
        )) ?? [];
      expect(found).toMatchObject({ level: 'ok', message: expect.stringContaining('switched on when it is needed') });
      expect(await launch(provider, 'i-1', 'h0')).toMatchObject({ state: 'running', zone: 'h0' });
      expect(await world.powerLog(0)).toBe('on\n');
    });

    it('is neither taken for free nor switched on while nobody knows whether a server of the fleet is there', async () => {
      await world.goesDown(0);
      const provider = await open();
      expect([...(await provider.list(signal)).unseenZones.keys()]).toEqual(['h0']);
      await expect(launch(provider, 'i-1', 'h0')).rejects.toMatchObject({ reaction: 'Transient', code: 'unreachable' });
      expect(await world.powerLog(0)).toBe('');
    });

    it('is no host with a server of the fleet, also for the next controller', async () => {
      const first = await open();
      await first.list(signal);
      await launch(first, 'i-1', 'h0');
      await world.goesDown(0);
      const next = await open();
      expect([...(await next.list(signal)).unseenZones.keys()]).toEqual(['h0']);
    });

    it('that does not come up in time is left alone for a while, and another one is tried', async () => {
      const provider = await open({ power: power({ bootTimeout: '1s' }), quarantine: '1h' });
      await provider.list(signal);
      await world.goesDown(0);
      await writeFile(file(0, 'dead'), '');
      await expect(launch(provider, 'i-1', 'h0')).rejects.toMatchObject({ reaction: 'NoCapacity', code: 'notAwake' });
      await expect(launch(provider, 'i-2', 'h0')).rejects.toMatchObject({
        reaction: 'NoCapacity',
        code: 'quarantined',
      });
      expect(await world.powerLog(0)).toBe('on\n');
    });
  });

  describe('a server that fails', () => {
    it('is restarted, then its host is reset, and it serves again', async () => {
      const provider = await open();
      const machine = await serving(provider, 'i-1', 'h0');
      expect(machine.repair).toBe('possible');
      await world.crash(machine);
      expect(await machineOf(provider, 'i-1')).toMatchObject({ state: 'running', repair: { step: 'reset' } });
      await expect(launch(provider, 'i-2', 'h0')).rejects.toMatchObject({ code: 'hostInUse' });
      await expect.poll(async () => (await machineOf(provider, 'i-1'))?.detail, PATIENCE).toBe('on h0');
      expect(await world.powerLog(0)).toBe('reset\n');
    });

    it('is given up where that was done a moment ago, also by an earlier controller', async () => {
      const provider = await open();
      const machine = await serving(provider, 'i-1', 'h0');
      await world.crash(machine);
      await machineOf(provider, 'i-1');
      await expect.poll(async () => (await machineOf(provider, 'i-1'))?.detail, PATIENCE).toBe('on h0');
      await provider.close();
      const next = await open({ quarantine: '1h' });
      await world.crash(machine);
      expect(await machineOf(next, 'i-1')).toMatchObject({ state: 'stopped' });
      await next.terminate(machine.id, signal);
      await expect(launch(next, 'i-2', 'h0')).rejects.toMatchObject({ code: 'quarantined' });
      expect(await world.powerLog(0)).toBe('reset\n');
    });

    it('is given up where the reset does not bring it back', async () => {
      const provider = await open({ power: power({ bootTimeout: '1s' }) });
      const machine = await serving(provider, 'i-1', 'h0');
      await world.crash(machine);
      await writeFile(file(0, 'dead'), '');
      await machineOf(provider, 'i-1');
      await writeFile(file(0, 'off'), '');
      await expect.poll(async () => [...(await provider.list(signal)).unseenZones.keys()], PATIENCE).toEqual(['h0']);
      expect(JSON.parse(await readFile(join(world.dataDir, 'quarantine.json'), 'utf8'))).toMatchObject({
        h0: { why: expect.stringContaining('is not reached within 1 s') },
      });
    });

    it('gets no reset on a host that another fleet has by then', async () => {
      const provider = await open();
      const other = JSON.stringify({
        fleet: 'other',
        group: 'web',
        instanceId: 'i-9',
        launchedAt: 1,
        phase: 'started',
        stop: ['true'],
        status: null,
        restart: null,
      });
      await writeFile(file(0, 'other'), other);
      // While its status is asked, the host changes hands.
      const status = ['sh', '-c', 'if [ ! -e fails ]; then exit 0; fi; cp other drover/claim; exit 1'];
      await serving(provider, 'i-1', 'h0', { status });
      await writeFile(file(0, 'fails'), '');
      expect(await machineOf(provider, 'i-1')).toMatchObject({ repair: { step: 'reset' } });
      await expect.poll(() => machineOf(provider, 'i-1'), PATIENCE).toBeUndefined();
      expect(await world.powerLog(0)).toBe('');
    });

    it('waits for no other: one host is reset at a time', async () => {
      const provider = await open();
      const machines = [await serving(provider, 'i-1', 'h0'), await serving(provider, 'i-2', 'h1')];
      for (const machine of machines) await world.crash(machine);
      const found = (await provider.list(signal)).machines;
      expect(found.map(({ state }) => state).toSorted()).toEqual(['running', 'stopped']);
      expect(`${await world.powerLog(0)}${await world.powerLog(1)}`.length).toBeLessThanOrEqual('reset\n'.length);
    });

    it('can be ended in the middle of it', async () => {
      const provider = await open({ power: power({ bootTimeout: '1h' }) });
      const machine = await serving(provider, 'i-1', 'h0');
      await world.crash(machine);
      await writeFile(file(0, 'dead'), '');
      expect(await machineOf(provider, 'i-1')).toMatchObject({ repair: { step: 'reset' } });
      await expect.poll(() => world.powerLog(0), PATIENCE).toBe('reset\n');
      await writeFile(file(0, 'off'), '');
      // It is asked at once, and not after the hour that the host may take to boot.
      const asked = provider.terminate(machine.id, AbortSignal.timeout(25_000));
      await expect(asked).rejects.toMatchObject({ code: 'unreachable' });
      await rm(file(0, 'off'));
      await provider.terminate(machine.id, signal);
      expect(await machineOf(provider, 'i-1')).toBeUndefined();
    });
  });

  describe('a host that is not reached', () => {
    it('is reset where its server does not answer either, after a minute', async () => {
      const provider = await open();
      await serving(provider, 'i-1', 'h0', { status: HTTP_STATUS });
      await world.goesDown(0);
      expect(await machineOf(provider, 'i-1')).toMatchObject({ state: 'running', repair: { step: 'wait' } });
      expect(await world.powerLog(0)).toBe('');
      world.clock.forward(MINUTE_MS);
      expect(await machineOf(provider, 'i-1')).toMatchObject({ repair: { step: 'reset' } });
      await expect.poll(async () => (await machineOf(provider, 'i-1'))?.detail, PATIENCE).toBe('on h0');
      expect(await world.powerLog(0)).toBe('reset\n');
    });

    it('is switched on where its board cannot reset it, because it has no power', async () => {
      const provider = await open();
      await serving(provider, 'i-1', 'h0', { status: HTTP_STATUS });
      await writeFile(file(0, 'unpowered'), '');
      await world.goesDown(0);
      await machineOf(provider, 'i-1');
      world.clock.forward(MINUTE_MS);
      expect(await machineOf(provider, 'i-1')).toMatchObject({ repair: { step: 'reset' } });
      await expect.poll(async () => (await machineOf(provider, 'i-1'))?.detail, PATIENCE).toBe('on h0');
      expect(await world.powerLog(0)).toBe('reset\non\n');
    });

    it('is not reset while its server answers', async () => {
      const provider = await open();
      await serving(provider, 'i-1', 'h0', { status: HTTP_STATUS });
      await writeFile(file(0, 'off'), '');
      for (const wait of [0, MINUTE_MS, MINUTE_MS]) {
        world.clock.forward(wait);
        expect([...(await provider.list(signal)).unseenZones.keys()]).toEqual(['h0']);
      }
      expect(await world.powerLog(0)).toBe('');
    });

    it.each([
      ['while its status can be asked on the host alone', {}, 1],
      ['while most hosts are not reached', { status: HTTP_STATUS }, 2],
    ])('is not reset %s', async (_, more, down) => {
      const provider = await open();
      await serving(provider, 'i-1', 'h0', more);
      if (down > 1) await serving(provider, 'i-2', 'h1', more);
      for (let index = 0; index < down; index += 1) await world.goesDown(index);
      for (const wait of [0, MINUTE_MS, MINUTE_MS]) {
        world.clock.forward(wait);
        expect((await provider.list(signal)).unseenZones.has('h0')).toBe(true);
      }
      expect(await world.powerLog(0)).toBe('');
    });

    it('is not reset by a controller that has not seen its server there', async () => {
      await serving(await open(), 'i-1', 'h0', { status: HTTP_STATUS });
      await world.goesDown(0);
      const next = await open();
      for (const wait of [0, MINUTE_MS, MINUTE_MS]) {
        world.clock.forward(wait);
        expect([...(await next.list(signal)).unseenZones.keys()]).toEqual(['h0']);
      }
      expect(await world.powerLog(0)).toBe('');
    });
  });

  it('uses a host that has failed once its check passes: a command, a connection or a request', async () => {
    for (const [index, check] of [['test', '!', '-e', 'fail'], { tcp: 8080 }, HTTP_STATUS].entries()) {
      const provider = await open({ check });
      await writeFile(file(index, 'fail'), '');
      const zone = `h${index}`;
      await expect(launch(provider, `i-${index}`, zone)).rejects.toMatchObject({ code: 'startFailed' });
      await expect(launch(provider, `i-${index}b`, zone)).rejects.toMatchObject({ code: 'quarantined' });
      await rm(file(index, 'fail'));
      // Somebody has mended it, and shows that it serves.
      if (index > 0) await world.serveOn(index);
      await expect
        .poll(
          () =>
            launch(provider, `i-${index}c`, zone).then(
              ({ state }) => state,
              () => null,
            ),
          PATIENCE,
        )
        .toBe('running');
    }
  });
});
