import { expect, it } from 'vitest';
import { Controller } from '../../../src/control/controller.ts';
import type { ControllerOptions } from '../../../src/control/controller-options.ts';
import { GROUP } from '../../support/snapshot.ts';

it('activities of a group that never was are refused, and those of one that was removed are shown', async () => {
  const kept = [{ sequence: 1, group: 'old' }];
  const store = { activities: async ({ group }: { group?: string }) => (group === 'old' ? kept : []) };
  const fleet = { name: 'shop', autoScalingGroups: [GROUP], loadBalancers: [], targetGroups: [] };
  const clock = { now: () => 0, steadyMs: () => 0 };
  const controller = new Controller({ fleet, store, clock, mode: 'up' } as unknown as ControllerOptions);
  await expect(controller.activities({ group: 'nope', limit: 1 })).rejects.toMatchObject({ code: 'notFound' });
  expect(await controller.activities({ group: 'old', limit: 1 })).toEqual(kept);
});
