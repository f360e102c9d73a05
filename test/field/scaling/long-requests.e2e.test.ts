import { request } from 'undici';
import { expect, it, onTestFinished } from 'vitest';
import { RealFleet } from '../../support/fleet.ts';
import { requires } from '../../support/requires.ts';

const REQUESTS = 60;
const REQUEST_MS = 5_000;

requires('haproxy')('requests that take long', () => {
  it('are load from their beginning: the group grows for them before one is answered', async () => {
    const fleet = await RealFleet.create({
      minSize: 1,
      maxSize: 2,
      desiredCapacity: 1,
      deregistrationDelay: '1s',
      group: [
        'metrics: { requests: { source: haproxy, targetGroup: hello, measure: requestsPerSecond, interval: 1s }, time: { source: haproxy, targetGroup: hello, measure: responseTime, interval: 1s } }',
        'scalingPolicies: { requests: { type: targetTracking, metric: requests, targetValue: 3, valueIs: total }, time: { type: step, metric: time, comparison: greaterThan, threshold: 60000, steps: [{ adjustment: 1 }] } }',
      ].join('\n    '),
    });
    onTestFinished(() => fleet.end());
    await fleet.start();
    await fleet.settle(1);
    const sees = async (name: string) =>
      (await fleet.client.explain('hello')).policies.find(({ policy }) => policy === name)?.sees;
    await expect.poll(() => sees('requests'), { timeout: 10_000 }).toBe('0');
    let answered = 0;
    const answers = Array.from({ length: REQUESTS }, async () => {
      const { statusCode, body } = await request(`${fleet.url}/slow?ms=${REQUEST_MS}`);
      await body.text();
      answered += 1;
      return statusCode;
    });
    await fleet.untilActivity('scaledOut');
    expect(answered).toBe(0);
    await expect.poll(() => sees('time'), { timeout: 10_000 }).toMatch(`${REQUESTS} are open`);
    expect(new Set(await Promise.all(answers))).toEqual(new Set([200]));
  });
});
