import { expect, it } from 'vitest';
import { settle, VirtualClock } from '../../test/simulation/world/virtual-clock.ts';
import { healthy } from '../../test/support/decisions.ts';
import { machineOf, snapshotOf } from '../../test/support/snapshot.ts';
import type { Outcome } from '../decide/snapshot.ts';
import { PortError } from '../ports/errors.ts';
import { type Provider, type ProviderCapabilities, wholeList } from '../ports/provider.ts';
import { NO_TELEMETRY } from '../ports/telemetry.ts';
import { Operations } from './operations.ts';
import { Throttle } from './throttle.ts';

const CAPABILITIES: ProviderCapabilities = {
  listIntervalMs: 1_000,
  listGapMs: 50,
  listLagMs: 0,
  concurrentOperations: 1,
  terminateTimeoutMs: 600_000,
  ports: 'direct',
  zones: [],
  instanceTypes: false,
};
const [A, B] = snapshotOf(healthy('a', 'b')).instances;

/** Machines that are gone once they are in `gone`. */
function world() {
  const clock = new VirtualClock();
  const gone = new Set<string>();
  const calls: string[] = [];
  const provider: Provider = {
    launch: async ({ instanceId }) => {
      calls.push(`launch ${instanceId}`);
      return machineOf({ id: instanceId });
    },
    list: async () => wholeList([]),
    terminate: async (machineId) => {
      calls.push(`terminate ${machineId}`);
      if (gone.has(machineId)) throw new PortError('NotFound', 'none', 'there is none');
    },
    watch: () => () => {},
    close: async () => {},
  };
  const operations = new Operations(
    provider,
    CAPABILITIES,
    clock,
    new Throttle(clock, { seed: () => 'seed' }, { onDefect: () => {}, onWait: () => {} }),
    NO_TELEMETRY,
  );
  const outcomes: Outcome[] = [];
  return { clock, gone, calls, operations, outcomes, report: (outcome: Outcome) => void outcomes.push(outcome) };
}

async function passes(clock: VirtualClock, ms: number): Promise<void> {
  const until = clock.elapsedMs + ms;
  await settle();
  while (clock.elapsedMs < until && (await clock.advance())) await settle();
}

it('a termination that is awaited keeps no other operation from its turn', async () => {
  const { clock, gone, calls, operations, outcomes, report } = world();
  operations.terminate(A!, report);
  operations.launch(B!, true, 1_000, report);
  await passes(clock, 300);
  expect(calls).toContain('launch b');
  expect([operations.isBusy('a'), outcomes.map(({ kind }) => kind)]).toEqual([true, ['launched']]);
  gone.add('m-a');
  await passes(clock, 10_000);
  expect(outcomes.map(({ kind }) => kind)).toEqual(['launched', 'ended']);
});

it('a machine that the provider does not list any more is asked for at once', async () => {
  const { clock, gone, calls, operations, outcomes, report } = world();
  operations.terminate(A!, report);
  await passes(clock, 20_000);
  const asked = calls.length;
  gone.add('m-a');
  operations.listed(() => false);
  await settle();
  expect([calls.length, outcomes.map(({ kind }) => kind)]).toEqual([asked + 1, ['ended']]);
});

it('a termination has failed after the time that the provider names', async () => {
  const { clock, operations, outcomes, report } = world();
  operations.terminate(A!, report);
  await passes(clock, CAPABILITIES.terminateTimeoutMs - 10_000);
  expect(outcomes).toEqual([]);
  await passes(clock, 20_000);
  expect(outcomes).toMatchObject([{ kind: 'endFailed', failure: { code: 'deadline' } }]);
});

it('what waits for its turn can be called off', async () => {
  const { operations, outcomes, report } = world();
  operations.launch(A!, true, 1_000, report);
  operations.launch(B!, true, 1_000, report);
  operations.abort('b');
  await settle();
  expect(outcomes.map(({ kind, instanceId }) => `${kind} ${instanceId}`).toSorted()).toEqual([
    'launchFailed b',
    'launched a',
  ]);
  operations.launch(B!, true, 1_000, report);
  await settle();
  expect(outcomes.at(-1)).toMatchObject({ kind: 'launched', instanceId: 'b' });
});
