import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import { VirtualClock } from '../../../test/simulation/world/virtual-clock.ts';
import { followEvents } from './event-watch.ts';

it('looks again and again after an event, because an engine under load lists it late', async () => {
  const clock = new VirtualClock();
  const stream = new PassThrough();
  const engine = {
    where: 'the engine',
    use: <T>(_what: string, run: (docker: never) => Promise<T>) => run({ getEvents: async () => stream } as never),
  };
  const at: number[] = [];
  const following = followEvents(engine, 'shop', clock, () => at.push(clock.steadyMs()));
  await expect.poll(() => at).toEqual([0]);
  stream.write('{}');
  await expect.poll(() => at).toEqual([0, 0]);
  for (let step = 0; step < 3; step += 1) await clock.advance();
  expect(at).toEqual([0, 0, 300, 1_000, 3_000]);
  await following.close();
});
