import fc from 'fast-check';
import { expect, it } from 'vitest';
import { concernsDestination } from '../../src/decide/notifications/concerns.ts';
import type { ActivityLevel } from '../../src/model/activity.ts';
import type { NotificationMessage } from '../../src/model/notification-message.ts';
import { PortError } from '../../src/ports/errors.ts';
import { propertyRuns } from '../support/effort.ts';
import { aDestination, Notified, type Receive } from '../support/notified.ts';

const LEVELS: readonly ActivityLevel[] = ['info', 'warning', 'error'];
const GROUPS = ['web', 'api', null];

/** What a receiver may do; a message that was not acknowledged may have been read all the same. */
const RECEIVERS: readonly Receive[] = [
  async () => {},
  () => Promise.reject(new PortError('Transient', 'refused', 'HTTP 500')),
  () => Promise.reject(new PortError('RateLimited', 'rateLimited', 'HTTP 429', { retryAfterMs: 40_000 })),
  () => new Promise(() => {}),
];

const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('record' as const),
      activities: fc.array(fc.record({ level: fc.constantFrom(...LEVELS), group: fc.constantFrom(...GROUPS) }), {
        minLength: 1,
        maxLength: 60,
      }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('pass' as const), ms: fc.integer({ min: 1, max: 400_000 }) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('receive' as const), as: fc.nat(RECEIVERS.length - 1) }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'crash' as const }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('full' as const), isFull: fc.boolean() }) },
);

const settings = fc.record({
  level: fc.constantFrom(...LEVELS),
  groups: fc.constantFrom<readonly string[]>([], ['web']),
  groupWaitMs: fc.constantFrom(0, 30_000),
  groupIntervalMs: fc.constantFrom(0, 300_000),
  quietHours: fc.constantFrom(null, { fromMinute: 5, toMinute: 20, timeZone: 'UTC', letErrorsThrough: true }),
});

it('each activity is delivered at least once and in order, whatever the receiver, the store and the controller do', async () => {
  await fc.assert(
    fc.asyncProperty(
      settings,
      fc.array(step, { maxLength: 25 }),
      fc.constantFrom('all', 'summary'),
      async (own, steps, takes) => {
        const world = new Notified();
        world.takes = takes;
        const destination = aDestination(own);
        await world.start([destination]);
        /** Of each message what was acknowledged, in that order. */
        const taken: NotificationMessage[] = [];
        const receive =
          (how: Receive): Receive =>
          async (message, signal) => {
            await how(message, signal);
            taken.push(message);
          };
        const become = (index: number) =>
          world.receivers.set('hook', receive(RECEIVERS[index] ?? expect.fail('no receiver')));
        become(0);
        for (const one of steps) {
          if (one.kind === 'record') await world.record(...one.activities).catch(() => {});
          else if (one.kind === 'pass') await world.pass(one.ms);
          else if (one.kind === 'receive') become(one.as);
          else if (one.kind === 'full') world.isFull = one.isFull;
          else {
            world.isFull = false;
            await world.crash();
          }
        }
        world.isFull = false;
        become(0);
        await world.pass(24 * 3_600_000);

        expect(world.defects).toEqual([]);
        const wanted = (await world.activities()).filter((one) => concernsDestination(destination, one));
        // A message is the same each time: what a receiver takes twice it knows by its id.
        const messages = new Map<string, NotificationMessage>();
        for (const { message } of world.arrived) {
          const before = messages.get(message.id) ?? message;
          expect({ count: message.count, last: message.activities }).toEqual({
            count: before.count,
            last: before.activities,
          });
          messages.set(message.id, message);
        }
        const inOrder = [...new Map(taken.map((message) => [message.id, message])).values()];
        expect(inOrder.every(({ lost }) => lost === 0)).toBe(true);
        expect(inOrder.reduce((sum, { count }) => sum + count, 0)).toBe(wanted.length);
        if (takes === 'all') {
          expect(inOrder.flatMap(({ activities }) => activities.map(({ sequence }) => sequence))).toEqual(
            wanted.map(({ sequence }) => sequence),
          );
        }
        expect(world.notifications.list()).toMatchObject([{ state: 'working', waiting: 0 }]);
      },
    ),
    propertyRuns(200),
  );
});
