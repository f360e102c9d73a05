import { expect, it } from 'vitest';
import { Controller } from '../../../src/control/controller.ts';
import { PLAIN_ACTIVITY } from '../../../src/model/activity.ts';
import { controllerOptionsOf, storeOf } from '../../support/controller-options.ts';

it('activities of a group that never was are refused, and those of one that was removed are shown', async () => {
  const activity = { ...PLAIN_ACTIVITY, at: 0, reason: 'launch', message: 'Launching.' } as const;
  const kept = [{ ...activity, sequence: 1, group: 'old' }];
  const store = storeOf({ activities: async ({ group }) => (group === 'old' ? kept : []) });
  const controller = new Controller(controllerOptionsOf({ store }));
  await expect(controller.activities({ group: 'nope', limit: 1 })).rejects.toMatchObject({ code: 'notFound' });
  expect(await controller.activities({ group: 'old', limit: 1 })).toEqual(kept);
});
