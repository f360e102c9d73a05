/** Kind: requests on a server that is confirmed hung wait for the whole deregistration delay. */

import { afterEach, expect, it } from 'vitest';
import { RealFleet } from '../../support/fleet.ts';
import { requires } from '../../support/requires.ts';

const TIMEOUT_MS = 30_000;
const REQUESTS = 12;

requires('haproxy')('requests on a server that hangs', () => {
  let fleet: RealFleet | null = null;
  afterEach(() => fleet?.end());

  it('are answered by the others long before its deregistration delay is over', { timeout: TIMEOUT_MS }, async () => {
    fleet = await RealFleet.create({ desiredCapacity: 3, deregistrationDelay: '60s', healthCheckGracePeriod: '1s' });
    await fleet.start();
    const [victim] = await fleet.settle(3);
    if (victim === undefined) throw new Error('three are in service');
    const { url } = fleet;
    const answers = Array.from({ length: REQUESTS }, async () => {
      const response = await fetch(`${url}/slow?ms=1500`);
      return `${response.status} ${await response.text()}`;
    });
    const open = async () =>
      (await fleet?.instances())?.find(({ id }) => id === victim.id)?.targets[0]?.openRequests ?? 0;
    await fleet.until('the victim has its share', async () => (await open()) === REQUESTS / 3);
    process.kill(await fleet.pidOf(victim.id), 'SIGSTOP');
    const all = await Promise.all(answers);
    expect(all.filter((answer) => answer.startsWith('200 Hello from i-'))).toHaveLength(REQUESTS);
    expect(all.filter((answer) => answer.includes(victim.id))).toEqual([]);
    const { message } = await fleet.untilActivity('drainTimedOut');
    expect(message).toBe(
      `${victim.id} answers nobody: 4 open requests are cut. Those that are safe to repeat and have no answer yet begin again on another server.`,
    );
  });
});
