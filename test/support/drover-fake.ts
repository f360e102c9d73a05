/**
 * `drover` over an imitated fleet with a story, to look at the live view without HAProxy and servers:
 *
 *     node test/support/drover-fake.ts demo --data /tmp/fake
 */

import { runCli } from '../../src/cli/program.ts';
import { processTerminal } from '../../src/cli/terminal.ts';
import { systemClock } from '../../src/system/clock.ts';
import { fakeActions } from './fake-actions.ts';
import { FakeFleetService, type Scene } from './fake-service.ts';

const killOne = (service: FakeFleetService) => {
  const [victim] = service.status().groups[0]?.instances ?? [];
  if (victim !== undefined) service.kill(victim.id);
};
const size = (desired: number) => (service: FakeFleetService) => void service.setDesiredCapacity('hello', desired);

const story: Scene[] = [
  { afterMs: 6_000, play: killOne },
  { afterMs: 12_000, play: size(6) },
  { afterMs: 20_000, play: size(2) },
  {
    afterMs: 30_000,
    play: (service) => {
      service.suspended = '5 launches failed in a row, the last one: the command exited with code 1.';
      service.report(
        'error',
        'launchSuspended',
        null,
        'Launching is suspended in group hello: 5 launches failed in a row.',
      );
      void service.setDesiredCapacity('hello', 4);
    },
  },
  { afterMs: 40_000, play: (service) => void service.resumeLaunch('hello') },
];

const desired = Number(process.env.FAKE_DESIRED ?? 3);
const told = process.env.FAKE_STORY === 'none' ? [] : story;
const actions = fakeActions(
  (dataDir) =>
    new FakeFleetService({
      now: () => systemClock.now(),
      story: told,
      desired,
      maxSize: Math.max(10, desired),
      dataDir,
    }),
);
process.exitCode = await runCli(process.argv.slice(2), actions, processTerminal(systemClock));
