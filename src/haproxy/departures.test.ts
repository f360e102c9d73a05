import { expect, it } from 'vitest';
import { settle, VirtualClock } from '../../test/simulation/world/virtual-clock.ts';
import { PortError } from '../ports/errors.ts';
import { Departures } from './departures.ts';
import { serverKey } from './servers.ts';

const KEY = serverKey('web', 'i-1');

/** Departures whose commands fail as given, until they do not. */
function departing() {
  const clock = new VirtualClock();
  const run: string[] = [];
  let failure: Error | null = null;
  const departures = new Departures(clock, {
    execute: async (commands) => {
      run.push(...commands.map(({ words }) => words[0] ?? ''));
      if (failure !== null) throw failure;
      return commands.map(() => 'Server deleted.');
    },
    isOpenElsewhere: () => false,
    cutElsewhere: async () => {},
  });
  const pass = async (ms: number) => {
    for (const until = clock.elapsedMs + ms; clock.elapsedMs < until; await settle()) {
      void clock.sleep(100);
      await clock.advance();
    }
  };
  const fail = (error: Error | null) => {
    failure = error;
  };
  return { departures, run, pass, fail };
}

it('a server that HAProxy did not answer about is removed later', async () => {
  const { departures, run, pass, fail } = departing();
  fail(new PortError('Transient', 'deadline', 'no answer'));
  departures.set([KEY]);
  await pass(2_000);
  expect(run.length).toBeGreaterThan(1);
  fail(null);
  await pass(1_000);
  expect(run.at(-1)).toBe('del');
  departures.set([KEY]);
  await departures.close();
});

it('an error in Drover itself reaches whoever names the next ones, and they leave all the same', async () => {
  const { departures, run, pass, fail } = departing();
  fail(new Error('a reply that nobody has thought of'));
  departures.set([KEY]);
  await pass(2_000);
  expect(run).toHaveLength(1);
  fail(null);
  expect(() => departures.set([KEY])).toThrow('nobody has thought of');
  departures.set([KEY]);
  await pass(2_000);
  expect(run).toHaveLength(2);
  await departures.close();
});
