import { writeFile } from 'node:fs/promises';
import { expect, it, onTestFinished } from 'vitest';
import { RealFleet } from '../../support/fleet.ts';
import { requires } from '../../support/requires.ts';

const MORNING = `{ cron: "0 8 * * *", minSize: 2 }`;

requires('haproxy')('a fleet all of whose names are names of members of JavaScript’s objects', () => {
  it('launches, measures, scales, explains and is told apart', async () => {
    const fleet = await RealFleet.create();
    onTestFinished(() => fleet.end());
    const described = (action: string) => `fleet: hasOwnProperty-${fleet.port}
loadBalancers: { toString: { listeners: [{ port: ${fleet.port}, targetGroup: constructor }] } }
targetGroups: { constructor: { healthCheck: { path: /health, downInterval: 100ms, fastInterval: 100ms }, deregistrationDelay: 1s } }
autoScalingGroups:
  valueOf:
    targetGroups: [constructor]
    minSize: 1
    maxSize: 3
    launchTemplate: { provider: process, command: [node, ${JSON.stringify(fleet.helloServer)}], environment: { constructor: a, toString: b }, stopTimeout: 1s }
    metrics:
      toString: { source: constant, value: 20, interval: 1s }
      isPrototypeOf: { source: haproxy, targetGroup: constructor, measure: openRequests, interval: 1s }
    scalingPolicies:
      constructor: { type: targetTracking, metric: toString, targetValue: 10, valueIs: total }
      valueOf: { type: step, metric: isPrototypeOf, comparison: greaterThan, threshold: 100, steps: [{ adjustment: 1 }] }
    scheduledActions: { hasOwnProperty: ${action} }
`;
    await writeFile(fleet.fleetFile, described(MORNING));
    await fleet.start();
    await fleet.settle(2);
    expect((await fleet.activities()).map(({ level, message }) => [level, message])).not.toContainEqual([
      'error',
      expect.anything(),
    ]);
    expect(await fleet.client.explain('valueOf')).toMatchObject({
      policies: [{ policy: 'constructor', sees: '20', wants: 2 }, { policy: 'valueOf' }],
      scheduledActions: [{ name: 'hasOwnProperty' }],
    });
    await writeFile(fleet.fleetFile, described(MORNING.replace('minSize: 2', 'minSize: 3')));
    expect((await fleet.client.reloadFleet()).changes.map(({ path }) => path)).toEqual([
      'autoScalingGroups.valueOf.scheduledActions.hasOwnProperty.minSize',
    ]);
  });
});
