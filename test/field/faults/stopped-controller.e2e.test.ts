/** Kind: a controller that has not run for a while takes its own sleep for blindness. */

import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, expect, it } from 'vitest';
import { RealFleet } from '../../support/fleet.ts';
import { requires } from '../../support/requires.ts';

const TIMEOUT_MS = 30_000;
/** Longer than what was observed of a load balancer can be relied upon. */
const STOPPED_MS = 6_500;

requires('haproxy')('a controller that is stopped and goes on', () => {
  let fleet: RealFleet | null = null;
  afterEach(() => fleet?.end());

  it('observes before it decides, and reports no blindness', { timeout: TIMEOUT_MS }, async () => {
    fleet = await RealFleet.create({ desiredCapacity: 1 });
    await fleet.start();
    await fleet.settle(1);
    const { client } = fleet;
    const { pid } = await client.status();
    process.kill(pid, 'SIGSTOP');
    await delay(STOPPED_MS);
    process.kill(pid, 'SIGCONT');
    // What it decides next is decided on what it has observed anew.
    await client.setDesiredCapacity('hello', 2);
    await fleet.settle(2);
    const reasons = (await client.activities({ limit: 50 })).map(({ reason }) => reason);
    expect(reasons.filter((reason) => /Blind|Visible/.test(reason))).toEqual([]);
  });
});
