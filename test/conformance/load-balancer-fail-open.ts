/** The part of `LoadBalancerDriver`'s contract that is about requests while no member is healthy. */

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LoadBalancerDriver } from '../../src/ports/load-balancer.ts';
import { helpersFor, type LoadBalancerWorld, placeOf, slower, type TestServer } from './load-balancer-world.ts';

const signal = new AbortController().signal;

export function describeFailOpen(name: string, make: () => Promise<LoadBalancerWorld>): void {
  describe(`${name} fails open while no member is healthy`, () => {
    let world: LoadBalancerWorld;
    let driver: LoadBalancerDriver;
    const subject = (): { world: LoadBalancerWorld; driver: LoadBalancerDriver } => ({ world, driver });
    const { apply, member, proven, withMembers, target, untilHealth, answerers, untilCounted, twoInService } =
      helpersFor(subject);

    beforeEach(async () => {
      world = await make();
      driver = world.driver();
    });

    afterEach(async () => {
      await driver.close();
      await world.end();
    });

    /** Two proven members, a and b, and one that never was healthy: all answer requests, all fail their checks. */
    async function allFailing(): Promise<readonly [TestServer, TestServer, TestServer]> {
      const [a, b] = await twoInService();
      const fresh = await world.server();
      fresh.setHealthy(false);
      await apply(withMembers(proven('a', a), proven('b', b), member('fresh', fresh)));
      a.setHealthy(false);
      b.setHealthy(false);
      for (const id of ['a', 'b', 'fresh']) await untilHealth(id, 'unhealthy');
      return [a, b, fresh];
    }

    it('sends requests to all proven members, and to healthy ones as soon as there is one', async () => {
      const [a, b, fresh] = await allFailing();
      expect(await answerers()).toEqual(new Set([placeOf(a), placeOf(b)]));
      await untilCounted(12);
      const { targetGroups } = await driver.observe(signal);
      const traffic = targetGroups[0]?.targets.map((one) => one.traffic.requestsTotal) ?? [];
      expect(traffic.toSorted()).toEqual([0, 6, 6]);
      b.setHealthy(true);
      await untilHealth('b', 'healthy');
      expect(await answerers()).toEqual(new Set([placeOf(b)]));
      b.setHealthy(false);
      await untilHealth('b', 'unhealthy');
      expect(await answerers()).toEqual(new Set([placeOf(a), placeOf(b)]));
      fresh.setHealthy(true);
      await untilHealth('fresh', 'healthy');
      expect(await answerers()).toEqual(new Set([placeOf(fresh)]));
    });

    it('answers every request though one proven member is dead', async () => {
      const [a, b] = await allFailing();
      await b.kill();
      expect(await answerers(4)).toEqual(new Set([placeOf(a)]));
    });

    it('drains and forgets a member', async () => {
      const [a, b, fresh] = await allFailing();
      const open = await world.open();
      const [busy, left] = placeOf(open) === placeOf(a) ? ['a', b] : ['b', a];
      const rest = [proven(busy === 'a' ? 'b' : 'a', left), member('fresh', fresh)];
      const server = busy === 'a' ? a : b;
      // Whoever drains is not called proven any more, or is: it makes no difference.
      await apply(withMembers(...rest, member(busy, server, 'draining')));
      expect(await answerers()).toEqual(new Set([placeOf(left)]));
      expect(await target(busy)).toMatchObject({
        health: 'draining',
        idleObservations: 0,
        traffic: { openRequests: 1 },
      });
      await apply(withMembers(...rest, proven(busy, server, 'draining')));
      expect(await target(busy)).toMatchObject({ idleObservations: 0, traffic: { openRequests: 1 } });
      expect(await open.finish()).toBe(true);
      await world.until('it is idle', async () => ((await target(busy))?.idleObservations ?? 0) > 0);
      await apply(withMembers(...rest, proven(busy, server)));
      expect(await answerers()).toEqual(new Set([placeOf(a), placeOf(b)]));
      await apply(withMembers(...rest));
      expect(await answerers()).toEqual(new Set([placeOf(left)]));
      expect(['unavailable', 'absent']).toContain((await target(busy))?.health ?? 'absent');
      await untilHealth(busy, 'absent');
      expect(await apply(withMembers(...rest))).toEqual([]);
    });

    it('forgets members with requests open, too', async () => {
      const [a, , fresh] = await allFailing();
      const open = await world.open();
      const [busy, other] = placeOf(open) === placeOf(a) ? ['a', 'b'] : ['b', 'a'];
      await apply(withMembers(member('fresh', fresh)));
      expect(await target(busy)).toMatchObject({ health: 'unavailable', traffic: { openRequests: 1 } });
      expect(await world.send()).toBeNull();
      await untilHealth(other, 'absent');
      await untilHealth(busy, 'absent');
      expect(await open.finish()).toBe(false);
    });

    it('comes back the same from a crash', async () => {
      const [a, b, fresh] = await allFailing();
      const desired = withMembers(proven('a', a), proven('b', b, 'draining'), member('fresh', fresh));
      await apply(desired);
      await world.crash();
      await apply(desired);
      expect(await answerers()).toEqual(new Set([placeOf(a)]));
      await driver.close();
      await world.crash();
      driver = world.driver();
      await apply(desired);
      expect(await answerers()).toEqual(new Set([placeOf(a)]));
    });

    it('keeps open requests through a change that members have nothing to do with', async () => {
      const [a, b, fresh] = await allFailing();
      const open = await world.open();
      const [busy, other] = placeOf(open) === placeOf(a) ? ['a', b] : ['b', a];
      const members = [
        proven('a', a, busy === 'a' ? 'draining' : 'ready'),
        proven('b', b, busy === 'b' ? 'draining' : 'ready'),
        member('fresh', fresh),
      ];
      const changed = { ...withMembers(...members), targetGroups: world.empty.targetGroups.map(slower) };
      expect(await apply(changed)).toMatchObject([{ kind: 'reload' }]);
      expect(await answerers()).toEqual(new Set([placeOf(other)]));
      expect(await target(busy)).toMatchObject({
        health: 'draining',
        idleObservations: 0,
        traffic: { openRequests: 1 },
      });
      expect(await open.finish()).toBe(true);
      await world.until('it is idle', async () => ((await target(busy))?.idleObservations ?? 0) > 0);
    });
  });
}
