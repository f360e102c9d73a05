import { describe, expect, it } from 'vitest';
import { PortError } from '../../../src/ports/errors.ts';
import { aDestination, Notified } from '../../support/notified.ts';

const HOUR_MS = 3_600_000;
/** As people have it who want to hear of failures. */
const CHAT = aDestination({ name: 'chat', level: 'warning', groupWaitMs: 30_000, groupIntervalMs: 300_000 });

async function chat(): Promise<Notified> {
  const world = new Notified();
  world.takes = 'summary';
  await world.start([CHAT]);
  return world;
}

const reasons = (world: Notified) => world.arrived.map(({ message }) => message.summary.map(({ reason }) => reason));

describe('what ends is told like what begins', () => {
  it('although it was recorded a moment before a restart, while it waited for its message', async () => {
    const world = await chat();
    await world.record({ reason: 'providerBlind', level: 'warning' });
    await world.pass(HOUR_MS);
    await world.record({ reason: 'providerVisible', level: 'info' });
    await world.pass(10_000);
    await world.crash();
    await world.pass(HOUR_MS);
    expect(reasons(world)).toEqual([['providerBlind'], ['providerVisible']]);
  });

  it('and nothing is told again because of a restart or a change of the fleet', async () => {
    const world = await chat();
    await world.record({ reason: 'providerBlind', level: 'warning' });
    await world.pass(HOUR_MS);
    for (let restarts = 0; restarts < 3; restarts += 1) await world.crash();
    world.follow([{ ...CHAT, groupIntervalMs: 1_000 }]);
    await world.pass(HOUR_MS);
    expect(world.arrived).toHaveLength(1);
  });
});

describe('nothing is given up', () => {
  it.each([
    ['a rate limit without a time', new PortError('RateLimited', 'rateLimited', 'HTTP 429')],
    [
      'a token that is wrong until it is corrected',
      new PortError('Unauthorized', 'refused', 'HTTP 403: invalid_token'),
    ],
    ['a payload that is refused until the receiver is mended', new PortError('Invalid', 'refused', 'HTTP 400')],
    ['a receiver that is away', new PortError('Transient', 'noAnswer', 'it gives no answer')],
  ])('for %s', async (_, error) => {
    const world = await chat();
    let isWrong = true;
    world.receivers.set('chat', async () => {
      if (isWrong) throw error;
    });
    for (const level of ['warning', 'error'] as const) {
      await world.record({ reason: 'launchFailed', level });
      await world.pass(24 * HOUR_MS);
    }
    isWrong = false;
    const before = world.arrived.length;
    await world.pass(HOUR_MS);
    expect(world.arrived.slice(before).map(({ message }) => message.count)).toEqual([1, 1]);
  });
});

describe('a bad night', () => {
  it('of failures every few seconds for eight hours is some messages, and one with quiet hours', async () => {
    for (const [quietHours, most] of [
      [null, 100],
      [{ fromMinute: 0, toMinute: 8 * 60, timeZone: 'UTC', letErrorsThrough: false }, 1],
    ] as const) {
      const world = new Notified();
      world.takes = 'summary';
      await world.start([{ ...CHAT, quietHours }]);
      for (let times = 0; times < 1_400; times += 1) {
        await world.record({ reason: 'launchFailed', level: 'error', message: `failure ${times}` });
        await world.pass(20_000);
      }
      await world.pass(2 * HOUR_MS);
      expect(world.arrived.length).toBeLessThanOrEqual(most);
      expect(world.arrived.reduce((sum, { message }) => sum + message.count, 0)).toBe(1_400);
      expect(world.arrived[0]?.message.summary[0]?.first.message).toBe('failure 0');
    }
  });

  it('of a receiver that was away for all of it is one message, not one for each hour of it', async () => {
    const world = await chat();
    let isAway = true;
    world.receivers.set('chat', async () => {
      if (isAway) throw new PortError('Transient', 'noAnswer', 'it gives no answer');
    });
    for (let times = 0; times < 100; times += 1) {
      await world.record({ reason: 'launchFailed', level: 'error' });
      await world.pass(300_000);
    }
    isAway = false;
    const before = world.arrived.length;
    await world.pass(HOUR_MS);
    // The one that was begun first, and one for all that has come since.
    expect(world.arrived.slice(before).map(({ message }) => message.count)).toEqual([1, 99]);
  });
});
