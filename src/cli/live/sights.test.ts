import { expect, it } from 'vitest';
import { FakeFleetService } from '../../../test/support/fake-service.ts';
import { fakeTerminal } from '../../../test/support/fake-terminal.ts';
import type { FleetService } from '../../control/service.ts';
import { type FleetSource, type Sight, sights } from './sights.ts';

function setUp() {
  const { clock } = fakeTerminal();
  const service = new FakeFleetService({ now: () => clock.now() });
  const stop = new AbortController();
  return { clock, service, stop };
}

async function take(generator: AsyncGenerator<Sight>, many: number): Promise<Sight[]> {
  const taken: Sight[] = [];
  while (taken.length < many) {
    const next = await generator.next();
    if (next.done === true) break;
    taken.push(next.value);
  }
  return taken;
}

const reasons = (sight: Sight | undefined) => (sight?.kind === 'seen' ? sight.fresh.map(({ reason }) => reason) : []);

it('a controller in the same process is a source as it is', () => {
  const source = (service: FleetService): FleetSource => service;
  expect(source(setUp().service)).toBeDefined();
});

it('sees each activity once, and the status each second where nothing happens', async () => {
  const { clock, service, stop } = setUp();
  const [first, second, third, fourth, fifth] = await take(sights(service, clock, stop.signal), 5);
  expect(reasons(first)).toEqual(['controllerStarted', 'launch', 'launch', 'launch']);
  expect(reasons(second)).toEqual(['launched', 'launched', 'launched']);
  expect(reasons(third)).toEqual([]);
  expect(reasons(fourth)).toEqual([]);
  expect(reasons(fifth)).toEqual(['inService', 'inService', 'inService']);
  const times = [first, second, third, fourth, fifth].map((sight) => (sight?.kind === 'seen' ? sight.status.at : 0));
  const start = times[0] ?? 0;
  expect(times.map((time) => time - start)).toEqual([0, 800, 1_800, 2_800, 3_200]);
});

it('asks for no status while nobody has use for it', async () => {
  const { clock, service, stop } = setUp();
  let asked = 0;
  const source: FleetSource = {
    activities: (filter) => service.activities(filter),
    status: () => {
      asked += 1;
      return service.status();
    },
  };
  const seen = await take(
    sights(source, clock, stop.signal, undefined, () => false),
    3,
  );
  expect(seen.flatMap(reasons)).toContain('inService');
  expect(seen.every((sight) => reasons(sight).length > 0)).toBe(true);
  expect(asked).toBe(1);
});

it('starts after the activity that it is told', async () => {
  const { clock, service, stop } = setUp();
  const [first] = await take(sights(service, clock, stop.signal, 3), 1);
  expect(reasons(first)).toEqual(['launch']);
});

it('goes on after it lost sight', async () => {
  const { clock, service, stop } = setUp();
  service.nextError = new Error('gone');
  const [lost, seen] = await take(sights(service, clock, stop.signal), 2);
  expect(lost).toMatchObject({ kind: 'lost', error: { message: 'gone' } });
  expect(reasons(seen)).toContain('controllerStarted');
});

it('ends when its signal says so', async () => {
  const { clock, service, stop } = setUp();
  const generator = sights(service, clock, stop.signal);
  await generator.next();
  stop.abort();
  expect(await generator.next()).toEqual({ done: true, value: undefined });
});
