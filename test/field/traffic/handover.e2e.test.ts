import { once } from 'node:events';
import { createServer } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { RealFleet } from '../../support/fleet.ts';
import { freePorts } from '../../support/free-ports.ts';
import { Load } from '../../support/load.ts';
import { requires } from '../../support/requires.ts';

/** After a change, until the test is over with it. */
const MORE_REQUESTS = 500;

requires('haproxy')('ports and servers that go over from one load balancer of a fleet to another', () => {
  let fleet: RealFleet | undefined;

  afterEach(async () => {
    await fleet?.end();
    fleet = undefined;
  });

  /** Load balancer `web` on the fleet's port for target group hello, `api` on another for target group other, with the same servers. */
  async function begin(): Promise<{ fleet: RealFleet; other: number; url: string }> {
    fleet = await RealFleet.create();
    const [other = 0] = await freePorts(1);
    await fleet.edit((text) =>
      text
        .replace(
          'targetGroups:\n',
          `  api:\n    listeners: [{ port: ${other}, targetGroup: other }]\ntargetGroups:\n  other: {}\n`,
        )
        .replace('targetGroups: [hello]', 'targetGroups: [hello, other]'),
    );
    await fleet.start();
    await fleet.settle(3);
    const url = `http://127.0.0.1:${other}`;
    await fleet.until('both serve', async () => (await statusOf(url)) === 200);
    return { fleet, other, url };
  }

  const statusOf = (url: string) =>
    fetch(url, { headers: { connection: 'close' } }).then(
      ({ status }) => status,
      () => 0,
    );

  /** Applies an edit under load on these addresses. */
  async function reloaded(
    fleet: RealFleet,
    urls: readonly string[],
    change: (text: string) => string,
    until: () => Promise<boolean>,
  ): Promise<string> {
    const loads = urls.map((url) => new Load(url));
    await fleet.edit(change);
    const { said } = await fleet.drover('reload', '--yes');
    await fleet.until('it is done', until);
    const goal = loads.map(({ requests }) => requests + MORE_REQUESTS);
    await fleet.until('the load goes on', async () => loads.every((load, i) => load.requests > (goal[i] ?? 0)));
    const failures = await Promise.all(loads.map((load) => load.stop()));
    expect(failures.flatMap((one) => one.failures)).toEqual([]);
    return said;
  }

  const refusals = async (fleet: RealFleet) =>
    (await fleet.activities()).flatMap(({ reason, message }) => (reason === 'loadBalancerRefused' ? [message] : []));

  const inForce = async (fleet: RealFleet) =>
    Object.fromEntries(
      (await fleet.status()).loadBalancers.map(({ name, listeners }) => [
        name,
        listeners.map(({ url }) => url).join(' '),
      ]),
    );

  it('two swap their ports in one step, and no request fails', async () => {
    const { fleet, other, url } = await begin();
    const swapped = (text: string) =>
      text
        .replace(`port: ${fleet.port},`, 'port: X,')
        .replace(`port: ${other},`, `port: ${fleet.port},`)
        .replace('port: X,', `port: ${other},`);
    await reloaded(fleet, [fleet.url, url], swapped, async () => {
      const { web, api } = await inForce(fleet);
      return web === url && api === fleet.url;
    });
    expect(await refusals(fleet)).toEqual([]);
  });

  it('one that is renamed hands over its port, and no request fails', async () => {
    const { fleet } = await begin();
    await reloaded(
      fleet,
      [fleet.url],
      (text) => text.replace('  web:\n', '  front:\n'),
      async () =>
        (await fleet.activities()).filter(({ message }) => message.includes('load balancer front')).length > 0,
    );
    expect(Object.keys(await inForce(fleet))).toEqual(['front', 'api']);
    expect(await refusals(fleet)).toEqual([]);
  });

  it('servers stay where they were while the load balancer that they go over to is refused, and reload says that it is', async () => {
    const { fleet, other, url } = await begin();
    const [taken = 0] = await freePorts(1);
    const blocker = createServer((socket) => socket.destroy()).listen(taken, '0.0.0.0');
    await once(blocker, 'listening');
    try {
      const moved = (text: string) =>
        text
          .replace(`port: ${other}, targetGroup: other`, `port: ${taken}, targetGroup: next`)
          .replace('  other: {}', '  other: {}\n  next: {}')
          .replace('targetGroups: [hello, other]', 'targetGroups: [next]');
      const said = await reloaded(fleet, [fleet.url, url], moved, async () => true);
      expect(said).toContain('Load balancer api goes on as it was');
      expect((await inForce(fleet)).api).toBe(url);
      await fleet.client.setDesiredCapacity('hello', 4);
      await fleet.client.setDesiredCapacity('hello', 3);
    } finally {
      blocker.close();
    }
    await fleet.until('it has gone over', async () => (await statusOf(`http://127.0.0.1:${taken}`)) === 200);
    await fleet.until('nobody is left behind', async () => (await statusOf(fleet.url)) === 503);
  });
});
