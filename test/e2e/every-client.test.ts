import { readFile, writeFile } from 'node:fs/promises';
import { afterEach, expect, it } from 'vitest';
import { EVERY_CLIENT_SERVER, EveryClient, isLostWithServer } from '../support/every-client.ts';
import { RealFleet } from '../support/fleet.ts';
import type { FailedRequest } from '../support/load.ts';
import { requires } from '../support/requires.ts';

requires('haproxy')('every kind of client', () => {
  let fleet: RealFleet | undefined;
  let clients: EveryClient | undefined;

  async function begin(desiredCapacity: number): Promise<{ readonly fleet: RealFleet; readonly clients: EveryClient }> {
    const begun = await RealFleet.create({
      desiredCapacity,
      command: [process.execPath, EVERY_CLIENT_SERVER],
      deregistrationDelay: '30s',
    });
    fleet = begun;
    await begun.start();
    await begun.settle(desiredCapacity);
    clients = new EveryClient(begun.url);
    await clients.allUnderWay();
    return { fleet: begun, clients };
  }

  afterEach(async () => {
    await clients?.stop();
    await fleet?.end();
    fleet = undefined;
    clients = undefined;
  });

  const edit = async (begun: RealFleet, from: string, to: string) => {
    const text = await readFile(begun.fleetFile, 'utf8');
    expect(text).toContain(from);
    await writeFile(begun.fleetFile, text.replace(from, to));
    expect(await begun.drover('reload', '--yes')).toMatchObject({ code: 0 });
  };
  const inWords = (failures: readonly FailedRequest[]) => failures.map(({ client, what }) => `${client}: ${what}`);

  it('lives through reloads', async () => {
    const { fleet, clients } = await begin(3);
    for (const [from, to] of [
      ['interval: 1s', 'interval: 2s'],
      ['interval: 2s', 'interval: 1s'],
    ] as const) {
      const before = (await fleet.activities()).at(-1)?.sequence ?? 0;
      await edit(fleet, from, to);
      await fleet.untilActivity('loadBalancerReloaded', before);
    }
    await clients.allUnderWay();
    expect(inWords(await clients.stop())).toEqual([]);
  });

  it('lives through a drain of all servers but one, and back', async () => {
    const { fleet, clients } = await begin(4);
    await fleet.client.setDesiredCapacity('hello', 1);
    await fleet.settle(1);
    await fleet.client.setDesiredCapacity('hello', 4);
    await fleet.settle(4);
    expect(inWords(await clients.stop())).toEqual([]);
  });

  it('lives through the replacement of every server by one of a new launch template', async () => {
    const { fleet, clients } = await begin(2);
    await edit(fleet, 'stopTimeout: 2s', 'stopTimeout: 3s');
    for (const { id } of await fleet.inService()) expect(await fleet.drover('drain', id)).toMatchObject({ code: 0 });
    await fleet.until('both are gone', async () => {
      const reasons = (await fleet.activities()).map(({ reason }) => reason);
      return reasons.filter((reason) => reason === 'terminated').length === 2;
    });
    await fleet.settle(2);
    expect(inWords(await clients.stop())).toEqual([]);
  });

  it('lives through a controller that is killed and comes back', async () => {
    const { fleet, clients } = await begin(2);
    await fleet.killController();
    await clients.allUnderWay();
    await fleet.start();
    await fleet.settle(2);
    expect(inWords(await clients.stop())).toEqual([]);
  });

  it('loses with a killed server only what cannot be asked again', async () => {
    const { fleet, clients } = await begin(3);
    const [victim] = await fleet.inService();
    process.kill(await fleet.pidOf(victim?.id ?? ''), 'SIGKILL');
    await fleet.untilActivity('terminated');
    const goneAt = Date.now();
    await clients.allUnderWay();
    await fleet.settle(3);
    const failures = await clients.stop();
    expect(inWords(failures.filter((failure) => !isLostWithServer(failure)))).toEqual([]);
    expect(inWords(failures.filter(({ startedAt }) => startedAt > goneAt))).toEqual([]);
  });

  it('leaves nothing open when it has gone', async () => {
    const { fleet, clients } = await begin(2);
    expect(inWords(await clients.stop())).toEqual([]);
    await fleet.until('no request is open', async () =>
      (await fleet.instances()).every(({ targets }) => targets.every(({ openRequests }) => openRequests === 0)),
    );
  });
});
