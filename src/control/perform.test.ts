import { expect, it } from 'vitest';
import { VirtualClock } from '../../test/simulation/world/virtual-clock.ts';
import { machineOf, NOW, snapshotOf } from '../../test/support/snapshot.ts';
import type { Outcome } from '../decide/snapshot.ts';
import { wholeList } from '../ports/provider.ts';
import { NO_TELEMETRY } from '../ports/telemetry.ts';
import { Operations } from './operations.ts';
import { perform } from './perform.ts';
import { Throttle } from './throttle.ts';

const terminationCommand = { command: ['bye'], workingDirectory: '/', timeoutMs: 1_000 };

it('an error in Drover itself in a termination command is reported, and counts as a command that has failed', async () => {
  const clock = new VirtualClock();
  const { group, instances } = snapshotOf([{ id: 'a' }], { group: { terminationCommand } });
  const provider = {
    launch: async () => machineOf({ id: 'a' }),
    list: async () => wholeList([]),
    terminate: async () => {},
    watch: () => () => {},
    close: async () => {},
  };
  const capabilities = {
    listIntervalMs: 1_000,
    listGapMs: 50,
    listLagMs: 0,
    concurrentOperations: 1,
    terminateTimeoutMs: 60_000,
    ports: 'direct',
    zones: [],
    instanceTypes: false,
  } as const;
  const throttle = new Throttle(clock, { seed: () => 'seed' }, { onDefect: () => {}, onWait: () => {} });
  const operations = new Operations(provider, capabilities, clock, throttle, NO_TELEMETRY);
  const met: string[] = [];
  const { promise, resolve } = Promise.withResolvers<Outcome>();
  perform(
    { launch: [], terminate: [], abort: [], probe: [], command: ['a'] },
    {
      group,
      context: {
        fleet: () => 'shop',
        commands: { run: () => Promise.reject(new Error('an end that nobody has thought of')) },
        operations: () => operations,
        onDefect: (where) => void met.push(where),
      },
      instances: new Map(instances.map((instance) => [instance.id, instance])),
      now: NOW,
      report: resolve,
    },
  );
  expect(await promise).toMatchObject({ kind: 'commandEnded', failure: { reaction: 'Defect' } });
  expect(met).toEqual(['the termination command of group web']);
});
