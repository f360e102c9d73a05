import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/model/json.ts';
import type { Machine } from '../../../src/model/observation.ts';
import type { Provider } from '../../../src/ports/provider.ts';
import { staticProvider } from '../../../src/providers/static/index.ts';
import { freePort } from '../../support/free-ports.ts';
import { IpmiBoard, ipmitool } from '../../support/ipmi-board.ts';
import { launchRequest } from '../../support/launch-request.ts';
import { requires } from '../../support/requires.ts';
import { StaticWorld } from '../../support/static-world.ts';

const { signal } = new AbortController();
const PATIENCE = { timeout: 60_000, interval: 500 };
const HTTP_STATUS = { http: { port: 8080, path: '/health' } };
const MAC = '52:54:00:12:34:56';

requires('ipmi')('hosts with boards', () => {
  let world: StaticWorld;
  let boards: IpmiBoard[] = [];

  beforeEach(async () => {
    world = await StaticWorld.boards(2);
    boards = await Promise.all([0, 1].map((index) => IpmiBoard.of(world.hosts, index)));
    for (const board of boards) await board.press('on');
  });
  afterEach(async () => {
    for (const board of boards) await board.dispose();
    await world.dispose();
  });

  async function open(power: JsonObject): Promise<Provider> {
    const hosts = world.hosts.addresses.map((address, index) => [
      `h${index}`,
      { address, variables: { ...boards[index]?.variables, mac: MAC } },
    ]);
    return await world.open('shop', { hosts: Object.fromEntries(hosts), power: { bootTimeout: '1m', ...power } });
  }

  function launch(provider: Provider): Promise<Machine> {
    const settings = staticProvider.settingsSchema('/').parse(world.template({ status: HTTP_STATUS }));
    return provider.launch(launchRequest('i-1', { settings, placement: { zone: 'h0', instanceType: null } }), signal);
  }

  const machine = async (provider: Provider) => (await provider.list(signal)).machines[0];

  it('are reset where they hang, and switched on where they are off', async () => {
    const provider = await open({ wake: ipmitool('on'), reset: ipmitool('reset') });
    await provider.list(signal);
    await boards[0]?.press('off');
    expect([...(await provider.list(signal)).unseenZones.keys()]).toEqual([]);
    const { id } = await launch(provider);
    await expect.poll(async () => (await machine(provider))?.detail, PATIENCE).toBe('on h0');
    await boards[0]?.hang((await world.pidOn(0)) ?? 0);
    expect(await machine(provider)).toMatchObject({ id, repair: { step: 'wait' } });
    world.clock.forward(60_000);
    expect(await machine(provider)).toMatchObject({ id, repair: { step: 'reset' } });
    await expect.poll(async () => (await machine(provider))?.detail, PATIENCE).toBe('on h0');
    expect((await boards[0]?.log())?.split('\n').slice(1)).toEqual(['power 0', 'power 1', 'reset 1', '']);
    await provider.terminate(id, signal);
    expect(await world.pidOn(0)).toBeNull();
  }, 120_000);

  it('are switched on by a magic packet', async () => {
    const port = await freePort();
    const network = createSocket('udp4').bind(port, '127.0.0.1');
    await once(network, 'listening');
    network.on('message', (packet) => {
      const address = Buffer.from(MAC.replaceAll(':', ''), 'hex');
      if (packet.subarray(0, 12).equals(Buffer.concat([Buffer.alloc(6, 0xff), address]))) void boards[0]?.press('on');
    });
    const provider = await open({
      wake: ['wakeonlan', '-i', '127.0.0.1', '-p', String(port), '{{ drover.variables.mac }}'],
    });
    await provider.list(signal);
    await boards[0]?.press('off');
    expect(await launch(provider)).toMatchObject({ state: 'running', zone: 'h0' });
    network.close();
  }, 60_000);
});
