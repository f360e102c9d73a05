import { describe, expect, it } from 'vitest';
import { aDestination, Notified } from '../../test/support/notified.ts';
import { PortError } from '../ports/errors.ts';

const refuses = (error: PortError) => async () => {
  throw error;
};
const DOWN = new PortError('Transient', 'refused', 'the receiver answers HTTP 500');

async function notified(...destinations: Parameters<typeof aDestination>): Promise<Notified> {
  const world = new Notified();
  await world.start([aDestination(...destinations)]);
  return world;
}

describe('a destination', () => {
  it('hears of what is recorded from then on, in its order', async () => {
    const world = new Notified();
    await world.start([]);
    await world.record({ message: 'before' });
    world.follow([aDestination()]);
    await world.pass(1);
    await world.record({ message: 'a' }, { message: 'b' });
    await world.record({ message: 'c' });
    await world.pass(1_000);
    expect(world.arrived.flatMap(({ message }) => message.activities.map((one) => one.message))).toEqual([
      'a',
      'b',
      'c',
    ]);
  });

  it('gets what was recorded while no controller ran, and what one had begun and not delivered, with the same id', async () => {
    const world = await notified();
    world.receivers.set('hook', refuses(DOWN));
    await world.record({ message: 'a' });
    await world.pass(100);
    await world.record({ message: 'b' });
    world.receivers.delete('hook');
    await world.crash();
    await world.pass(60_000);
    const [first, again, next] = world.arrived.map(({ message }) => message);
    expect(again).toEqual(first);
    expect(next?.activities.map(({ message }) => message)).toEqual(['b']);
    expect(world.arrived).toHaveLength(3);
  });

  it('gets again, with the same id, what was delivered when the controller died before that was recorded', async () => {
    const world = await notified();
    await world.record({ message: 'a' });
    const { promise: taken, resolve } = Promise.withResolvers<void>();
    world.receivers.set('hook', async () => {
      resolve();
      return new Promise(() => {});
    });
    await world.during(taken);
    world.receivers.delete('hook');
    await world.crash();
    await world.pass(60_000);
    expect(world.arrived.map(({ message }) => message.id)).toEqual([
      world.arrived[0]?.message.id,
      world.arrived[0]?.message.id,
    ]);
  });

  it('is not sent again what it has taken while the store cannot be written', async () => {
    const world = await notified();
    world.receivers.set('hook', async () => {
      world.isFull = true;
    });
    await world.record({ message: 'a' });
    await world.pass(600_000);
    expect(world.arrived).toHaveLength(1);
    world.isFull = false;
    world.receivers.delete('hook');
    await world.pass(600_000);
    await world.record({ message: 'b' });
    await world.pass(600_000);
    expect(world.sequences()).toEqual([[1], [2]]);
  });

  it('is sent nothing whose beginning could not be recorded', async () => {
    const world = await notified();
    await world.record({ message: 'a' });
    world.isFull = true;
    await world.pass(10_000);
    expect(world.arrived).toEqual([]);
    world.isFull = false;
    await world.pass(60_000);
    expect(world.sequences()).toEqual([[1]]);
  });

  it('gets a burst of 1,000 activities as ten messages, or as one with the first and last of each kind', async () => {
    for (const [takes, messages] of [
      ['all', 10],
      ['summary', 1],
    ] as const) {
      const world = new Notified();
      world.takes = takes;
      await world.start([aDestination({ groupWaitMs: 30_000, groupIntervalMs: 300_000 })]);
      for (let index = 0; index < 100; index += 1) {
        await world.record(
          ...Array.from({ length: 10 }, (_, at) => ({
            reason: at === 9 ? ('launchFailed' as const) : ('launch' as const),
            level: at === 9 ? ('error' as const) : ('info' as const),
            message: `number ${index * 10 + at + 1}`,
          })),
        );
      }
      await world.pass(3_600_000);
      expect(world.arrived).toHaveLength(messages);
      const count = world.arrived.reduce((sum, { message }) => sum + message.count, 0);
      expect(count).toBe(1_000);
    }
  });

  it('is told by kind, the most severe first, with counts and the first and last of each', async () => {
    const world = new Notified();
    world.takes = 'summary';
    await world.start([aDestination({ groupWaitMs: 1_000 })]);
    for (let index = 1; index <= 40; index += 1) {
      await world.record({ message: `Launching i-${index}.` });
      if (index % 10 === 0)
        await world.record({ level: 'error', reason: 'launchFailed', message: `No room for i-${index}.` });
    }
    await world.pass(60_000);
    const [{ message } = expect.fail('nothing has arrived')] = world.arrived;
    expect(message.title).toBe('shop: 44 activities (4 errors) in web');
    expect(message.lines.map((line) => line.replaceAll(/\d{4}-\S+ [\d:]+Z/g, 'T'))).toEqual([
      'error launchFailed in web, 4 times, T to T. First: No room for i-10. Last: No room for i-40.',
      'launch in web, 40 times, T to T. First: Launching i-1. Last: Launching i-40.',
    ]);
  });

  it('that fails is reported once, with why, and so is that it works again; neither goes through itself', async () => {
    const world = await notified();
    world.receivers.set('hook', refuses(DOWN));
    await world.record({ message: 'a' });
    await world.pass(7_200_000);
    const reported = async () => (await world.activities()).filter(({ reason }) => reason.startsWith('notification'));
    expect((await reported()).map(({ message }) => message)).toEqual([
      'Notifications of hook cannot be delivered, and are tried again: the receiver answers HTTP 500.',
    ]);
    expect(world.notifications.list()).toMatchObject([
      { name: 'hook', state: 'failing', error: 'the receiver answers HTTP 500', waiting: 1 },
    ]);
    await world.crash();
    world.receivers.delete('hook');
    await world.pass(3_600_000);
    expect((await reported()).map(({ reason }) => reason)).toEqual(['notificationFailed', 'notificationRecovered']);
    expect(world.notifications.list()).toMatchObject([{ state: 'working', error: null, waiting: 0 }]);
    expect(new Set(world.arrived.flatMap(({ message }) => message.activities.map((one) => one.message)))).toEqual(
      new Set(['a']),
    );
  });

  it('that fails is told to another one, and two that fail do not tell each other without end', async () => {
    const world = new Notified();
    await world.start([aDestination(), aDestination({ name: 'mail' })]);
    let tries = 0;
    const flaps = async () => {
      tries += 1;
      if (tries % 10 !== 0) throw DOWN;
    };
    world.receivers.set('hook', flaps);
    world.receivers.set('mail', flaps);
    await world.record({ message: 'a' });
    await world.pass(24 * 3_600_000);
    expect((await world.activities()).length).toBeLessThan(100);
    expect(
      world.arrived.some(({ to, message }) => to === 'mail' && message.activities[0]?.reason === 'notificationFailed'),
    ).toBe(true);
  });

  it('waits as long as its receiver asks for, and with a growing wait where it asks for nothing', async () => {
    const world = await notified();
    world.receivers.set(
      'hook',
      refuses(new PortError('RateLimited', 'rateLimited', 'slow down', { retryAfterMs: 120_000 })),
    );
    await world.record({ message: 'a' });
    await world.pass(250_000);
    expect(world.arrived).toHaveLength(3);
    const other = await notified();
    other.receivers.set('hook', refuses(DOWN));
    await other.record({ message: 'a' });
    await other.pass(3_600_000);
    const waits = other.arrived.slice(1).map(({ atMs }, index) => atMs - (other.arrived[index]?.atMs ?? 0));
    expect(waits.slice(0, 8).toSorted((a, b) => a - b)).toEqual(waits.slice(0, 8));
    expect(waits.at(-1)).toBeGreaterThan(500_000);
  });

  it('that is gone gets nothing more until a test gets through, or it is described otherwise; then nothing is missing', async () => {
    const world = await notified();
    const gone = refuses(new PortError('NotFound', 'gone', 'the receiver answers HTTP 410'));
    world.receivers.set('hook', gone);
    await world.record({ message: 'a' });
    await world.pass(1_000);
    await world.record({ message: 'b' });
    await world.crash();
    await world.pass(24 * 3_600_000);
    expect(world.arrived).toHaveLength(1);
    expect(world.notifications.list()).toMatchObject([{ state: 'disabled', error: 'the receiver answers HTTP 410' }]);
    await expect(world.during(world.notifications.test('hook'))).rejects.toThrow('HTTP 410');
    world.receivers.delete('hook');
    await world.during(world.notifications.test('hook'));
    await world.pass(60_000);
    // 2 is the report about itself.
    expect(world.sequences().slice(-2)).toEqual([[1], [3]]);
    world.receivers.set('hook', gone);
    await world.record({ message: 'c' });
    await world.pass(60_000);
    world.receivers.delete('hook');
    world.follow([aDestination({ settings: { url: 'other' } })]);
    await world.pass(60_000);
    expect(world.arrived.at(-1)?.message.activities.map(({ message }) => message)).toEqual(['c']);
  });

  it('says how many were deleted from the history before they could be sent', async () => {
    const world = await notified();
    world.receivers.set('hook', refuses(DOWN));
    await world.record({ message: 'a' });
    await world.pass(1_000);
    for (let index = 0; index < 30; index += 1)
      await world.record(...Array.from({ length: 10 }, () => ({ message: 'b' })));
    await world.store.prune({ activityRows: 100, sampleRows: 100, terminatedInstanceRows: 100 });
    await world.crash();
    world.receivers.delete('hook');
    await world.pass(3_600_000);
    const first = world.arrived[0]?.message;
    const rest = world.arrived.map(({ message }) => message).filter(({ id }) => id !== first?.id);
    // What it was begun with is not there any more after the crash.
    const last = world.arrived.filter(({ message }) => message.id === first?.id).at(-1)?.message;
    expect(last).toMatchObject({ count: 0, lost: 1, title: 'shop: 1 activity lost' });
    expect(rest.reduce((sum, { lost, count }) => sum + lost + count, 0)).toBeGreaterThanOrEqual(300);
    expect(rest[0]?.lines[0]).toMatch(/^\d+ activities were deleted from the history before they could be sent\.$/);
  });

  it('that hangs is given up after its time, and holds nobody up', async () => {
    const world = new Notified();
    await world.start([aDestination(), aDestination({ name: 'mail' })]);
    world.receivers.set('hook', () => new Promise(() => {}));
    await world.record({ message: 'a' });
    await world.pass(1_000);
    expect(world.arrived.map(({ to }) => to).toSorted()).toEqual(['hook', 'mail']);
    await world.pass(60_000);
    expect(world.notifications.list()[0]?.error).toBe('no answer within 20 s');
  });

  it('that is removed is forgotten, and begins anew when it comes back', async () => {
    const world = await notified();
    world.receivers.set('hook', refuses(DOWN));
    await world.record({ message: 'a' });
    await world.pass(1_000);
    world.follow([]);
    await world.pass(1_000);
    expect(await world.store.notificationCursors()).toEqual([]);
    world.receivers.delete('hook');
    world.follow([aDestination()]);
    await world.pass(1_000);
    await world.record({ message: 'b' });
    await world.pass(1_000);
    expect(world.arrived.at(-1)?.message.activities.map(({ message }) => message)).toEqual(['b']);
  });

  it('has no timer while there is nothing to send', async () => {
    const world = await notified();
    await world.record({ message: 'a' });
    await world.pass(60_000);
    expect(await world.clock.advance()).toBe(false);
  });

  it('records at times how far it has passed over what is not for it', async () => {
    const world = await notified({ level: 'error' });
    for (let index = 0; index < 120; index += 1)
      await world.record(...Array.from({ length: 10 }, () => ({ message: 'b' })));
    await world.pass(60_000);
    expect(world.arrived).toEqual([]);
    const [cursor] = await world.store.notificationCursors();
    expect(cursor?.delivered).toBeGreaterThan(600);
  });

  it('gets what waits when the fleet has come down, without waiting for more', async () => {
    const world = await notified({ groupWaitMs: 3_600_000, groupIntervalMs: 3_600_000 });
    await world.record({ message: 'a' });
    await world.pass(1_000);
    expect(world.arrived).toEqual([]);
    await world.during(world.notifications.sendLast());
    expect(world.sequences()).toEqual([[1]]);
  });

  it('hears in quiet hours of errors alone, where that is asked for, with what was held back before', async () => {
    const quietHours = { fromMinute: 22 * 60, toMinute: 7 * 60, timeZone: 'UTC', letErrorsThrough: true };
    const world = await notified({ quietHours });
    // It begins at midnight.
    await world.record({ message: 'a' });
    await world.pass(3_600_000);
    expect(world.arrived).toEqual([]);
    await world.record({ level: 'error', reason: 'launchSuspended', message: 'b' });
    await world.pass(1_000);
    expect(world.sequences()).toEqual([[1, 2]]);
    await world.record({ message: 'c' });
    await world.pass(3_600_000);
    expect(world.arrived).toHaveLength(1);
    await world.pass(6 * 3_600_000);
    expect(world.sequences()).toEqual([[1, 2], [3]]);
  });
});

describe('a test', () => {
  it('says what is wrong, and names what there is', async () => {
    const world = await notified();
    await expect(world.notifications.test('hoook')).rejects.toThrow(
      'There is no destination hoook of notifications in fleet shop; did you mean hook?',
    );
    world.receivers.set('hook', refuses(DOWN));
    await expect(world.during(world.notifications.test('hook'))).rejects.toThrow(
      'The test message was not delivered: the receiver answers HTTP 500.',
    );
  });
});
