/** The contract of `LoadBalancerDriver`, for every implementation of it. */

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PortError } from '../../src/ports/errors.ts';
import type { LoadBalancerDriver } from '../../src/ports/load-balancer.ts';
import { describeFailOpen } from './load-balancer-fail-open.ts';
import { helpersFor, type LoadBalancerWorld, placeOf, slower, type TestServer } from './load-balancer-world.ts';

const signal = new AbortController().signal;

export function describeLoadBalancerConformance(name: string, make: () => Promise<LoadBalancerWorld>): void {
  describeFailOpen(name, make);

  describe(`${name} keeps the contract of a load balancer`, () => {
    let world: LoadBalancerWorld;
    let driver: LoadBalancerDriver;
    const subject = (): { world: LoadBalancerWorld; driver: LoadBalancerDriver } => ({ world, driver });
    const { apply, member, withMembers, targets, target, untilHealth, answerers, untilCounted, twoInService } =
      helpersFor(subject);

    beforeEach(async () => {
      world = await make();
      driver = world.driver();
    });

    afterEach(async () => {
      await driver.close();
      await world.end();
    });

    it('starts what is not running, and finds nothing to do the second time', async () => {
      await expect(driver.observe(signal)).rejects.toThrow(PortError);
      const first = await apply(world.empty);
      expect(first).toMatchObject([{ kind: 'start', members: 0 }]);
      expect(await apply(world.empty)).toEqual([]);
      expect(await targets()).toEqual([]);
    });

    it('announces what it is about to do, and waits for that', async () => {
      let found = 'nothing was announced';
      const observeMeanwhile = async () => {
        found = await driver.observe(signal).then(
          () => 'it runs',
          () => 'it does not run yet',
        );
      };
      await driver.apply(world.empty, observeMeanwhile, signal);
      expect(found).toBe('it does not run yet');
    });

    it('spreads requests over its healthy members and counts them', async () => {
      const [a, b] = await twoInService();
      expect(await answerers()).toEqual(new Set([placeOf(a), placeOf(b)]));
      await untilCounted(12);
      const { targetGroups } = await driver.observe(signal);
      expect(targetGroups[0]?.traffic.openRequests).toBe(0);
      await apply(withMembers(member('a', a)));
      await untilHealth('b', 'absent');
      await untilCounted(12);
    });

    it('gives a new member no traffic before its health checks have passed', async () => {
      const [a] = await twoInService();
      const late = await world.server();
      late.setHealthy(false);
      await apply(withMembers(member('a', a), member('late', late)));
      expect(['initial', 'unhealthy']).toContain((await target('late'))?.health);
      expect(await answerers()).toEqual(new Set([placeOf(a)]));
      await untilHealth('late', 'unhealthy');
      expect((await target('late'))?.detail).not.toBe('');
      expect(await answerers()).toEqual(new Set([placeOf(a)]));
      late.setHealthy(true);
      await untilHealth('late', 'healthy');
      expect(await answerers()).toEqual(new Set([placeOf(a), placeOf(late)]));
    });

    it('has no traffic for the very first member either before its checks have passed', async () => {
      const late = await world.server();
      late.setHealthy(false);
      await apply(withMembers(member('late', late)));
      expect(await world.send()).toBeNull();
      late.setHealthy(true);
      await untilHealth('late', 'healthy');
      expect(await world.send()).toEqual(late.endpoint);
    });

    it('takes a server that died out of the traffic, says why, and calls back', async () => {
      const [a, b] = await twoInService();
      let calls = 0;
      const unwatch = driver.watch(() => {
        calls += 1;
      });
      await b.kill();
      await untilHealth('b', 'unhealthy');
      await world.until('called back', async () => calls > 0);
      unwatch();
      expect((await target('b'))?.detail).toMatch(/refused/i);
      expect(await answerers()).toEqual(new Set([placeOf(a)]));
    });

    it('lets a draining member finish what it has while new requests go elsewhere, and takes it back', async () => {
      const [a, b] = await twoInService();
      const open = await world.open();
      const [busy, other] = placeOf(open) === placeOf(a) ? ['a', 'b'] : ['b', 'a'];
      const serverOf = (id: string): TestServer => (id === 'a' ? a : b);
      await apply(withMembers(member(busy, serverOf(busy), 'draining'), member(other, serverOf(other))));
      expect(await answerers()).toEqual(new Set([placeOf(serverOf(other))]));
      expect(await target(busy)).toMatchObject({
        health: 'draining',
        idleObservations: 0,
        traffic: { openRequests: 1 },
      });
      expect(await open.finish()).toBe(true);
      await world.until('it is idle', async () => ((await target(busy))?.idleObservations ?? 0) === 1);
      expect((await target(busy))?.idleObservations).toBe(2);
      expect((await target(other))?.idleObservations).toBe(0);
      await apply(withMembers(member('a', a), member('b', b)));
      await untilHealth(busy, 'healthy');
      expect((await target(busy))?.idleObservations).toBe(0);
      expect(await answerers()).toEqual(new Set([placeOf(a), placeOf(b)]));
    });

    it('takes a member that is no longer named out at once and forgets it', async () => {
      const [a] = await twoInService();
      await apply(withMembers(member('a', a)));
      expect(await answerers()).toEqual(new Set([placeOf(a)]));
      expect(['unavailable', 'absent']).toContain((await target('b'))?.health ?? 'absent');
      await untilHealth('b', 'absent');
      expect(await apply(withMembers(member('a', a)))).toEqual([]);
    });

    it('forgets a member whose server is dead, too, and one that has requests open', async () => {
      const [a, b] = await twoInService();
      const open = await world.open();
      const [busy, dead] = placeOf(open) === placeOf(a) ? ['a', b] : ['b', a];
      await dead.kill();
      await apply(withMembers());
      await untilHealth(busy === 'a' ? 'b' : 'a', 'absent');
      await untilHealth(busy, 'absent');
      expect(await open.finish()).toBe(false);
    });

    it('takes a member back that was on its way out, as a new one', async () => {
      const [a, b] = await twoInService();
      await apply(withMembers(member('a', a)));
      b.setHealthy(false);
      await apply(withMembers(member('a', a), member('b', b)));
      expect(await answerers()).toEqual(new Set([placeOf(a)]));
      b.setHealthy(true);
      await untilHealth('b', 'healthy');
      expect(await answerers()).toEqual(new Set([placeOf(a), placeOf(b)]));
    });

    it('follows a member to another address, and checks it there first', async () => {
      const [a] = await twoInService();
      const moved = await world.server();
      moved.setHealthy(false);
      await apply(withMembers(member('a', a), member('b', moved)));
      expect(await answerers()).toEqual(new Set([placeOf(a)]));
      moved.setHealthy(true);
      await untilHealth('b', 'healthy');
      expect(await answerers()).toEqual(new Set([placeOf(a), placeOf(moved)]));
    });

    it('comes back after a crash with the same members in the same states', async () => {
      const [a, b] = await twoInService();
      const sick = await world.server();
      sick.setHealthy(false);
      const desired = withMembers(member('a', a), member('b', b, 'draining'), member('sick', sick));
      await apply(desired);
      await untilHealth('sick', 'unhealthy');
      let calls = 0;
      const unwatch = driver.watch(() => {
        calls += 1;
      });
      await world.crash();
      await world.until('called back', async () => calls > 0);
      unwatch();
      await expect(driver.observe(signal)).rejects.toThrow(PortError);
      const events = await apply(desired);
      expect(events.at(-1)).toMatchObject({ kind: 'start', members: 3 });
      expect(await answerers()).toEqual(new Set([placeOf(a)]));
      const health = new Map((await targets()).map((one) => [one.instanceId, one.health]));
      expect(health).toEqual(
        new Map([
          ['a', 'healthy'],
          ['b', 'draining'],
          ['sick', 'unhealthy'],
        ]),
      );
    });

    it('comes back the same when its controller died with it', async () => {
      const [a, b] = await twoInService();
      await apply(withMembers(member('a', a), member('b', b, 'draining')));
      await driver.observe(signal);
      await driver.close();
      await world.crash();
      driver = world.driver();
      const fresh = await world.server();
      fresh.setHealthy(false);
      await apply(withMembers(member('a', a), member('b', b, 'draining'), member('fresh', fresh)));
      expect(await answerers()).toEqual(new Set([placeOf(a)]));
      expect((await target('b'))?.health).toBe('draining');
    });

    it('keeps states and open requests through a change that members have nothing to do with', async () => {
      const [a, b] = await twoInService();
      const open = await world.open();
      const [busy, other] = placeOf(open) === placeOf(a) ? ['a', b] : ['b', a];
      const members = [
        member('a', a, busy === 'a' ? 'draining' : 'ready'),
        member('b', b, busy === 'b' ? 'draining' : 'ready'),
      ];
      await apply(withMembers(...members));
      const changed = { ...withMembers(...members), targetGroups: world.empty.targetGroups.map(slower) };
      const events = await apply(changed);
      expect(events).toMatchObject([{ kind: 'reload' }]);
      expect(await answerers()).toEqual(new Set([placeOf(other)]));
      expect(await target(busy)).toMatchObject({
        health: 'draining',
        idleObservations: 0,
        traffic: { openRequests: 1 },
      });
      expect(await open.finish()).toBe(true);
      await world.until('it is idle', async () => ((await target(busy))?.idleObservations ?? 0) > 0);
      expect(await apply(changed)).toEqual([]);
    });

    it('refuses a bad configuration, and the last good one stays in force with its members followed', async () => {
      const [a, b] = await twoInService();
      const c = await world.server();
      const refused = await world.refusable(withMembers(member('a', a), member('c', c)));
      await expect(apply(refused)).rejects.toMatchObject({ name: 'PortError', reaction: 'Invalid' });
      await untilHealth('c', 'healthy');
      await untilHealth('b', 'absent');
      expect(await answerers()).toEqual(new Set([placeOf(a), placeOf(c)]));
      await expect(apply(refused)).rejects.toMatchObject({ reaction: 'Invalid' });
      await world.crash();
      await expect(apply(refused)).rejects.toMatchObject({ reaction: 'Invalid' });
      expect(await answerers()).toEqual(new Set([placeOf(a), placeOf(c)]));
      expect(await apply(withMembers(member('a', a), member('b', b)))).toEqual([]);
    });

    it('is adopted by another controller as it is', async () => {
      const [a, b] = await twoInService();
      const desired = withMembers(member('a', a), member('b', b, 'draining'));
      await apply(desired);
      await driver.close();
      expect(await answerers()).toEqual(new Set([placeOf(a)]));
      driver = world.driver();
      expect((await target('b'))?.health).toBe('draining');
      expect(await apply(desired)).toEqual([]);
      expect((await target('a'))?.health).toBe('healthy');
    });

    it('goes on with what the controller before had begun to remove', async () => {
      const [a] = await twoInService();
      await apply(withMembers(member('a', a)));
      await driver.close();
      driver = world.driver();
      await apply(withMembers(member('a', a)));
      await untilHealth('b', 'absent');
    });

    it('ends when it is stopped, and starts again', async () => {
      const [a] = await twoInService();
      await driver.stop(signal);
      expect(await world.send()).toBeNull();
      await expect(driver.observe(signal)).rejects.toThrow(PortError);
      await driver.stop(signal);
      const events = await apply(withMembers(member('a', a)));
      expect(events.at(-1)).toMatchObject({ kind: 'start', members: 1 });
      await untilHealth('a', 'healthy');
    });

    it('does nothing for a signal that has been aborted', async () => {
      const aborted = AbortSignal.abort();
      await expect(driver.apply(world.empty, async () => {}, aborted)).rejects.toThrow(PortError);
      await apply(world.empty);
      await expect(driver.observe(aborted)).rejects.toThrow(PortError);
    });

    it('registers a hundred members in one go and removes them again', async () => {
      const a = await world.server();
      const many = Array.from({ length: 100 }, (_, i) => member(`m-${i}`, a));
      await apply(world.empty);
      await apply(withMembers(...many));
      expect(await targets()).toHaveLength(100);
      await world.until('all are healthy', async () => (await targets()).every(({ health }) => health === 'healthy'));
      await apply(world.empty);
      await world.until('all are gone', async () => (await targets()).length === 0);
    });
  });
}
