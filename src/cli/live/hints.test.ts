import { expect, it } from 'vitest';
import { FakeFleetService } from '../../../test/support/fake-service.ts';
import { demoHints } from './hints.ts';

const PROGRAM = 'bin/drover --data hello/.drover';

function fleet() {
  let now = 0;
  const service = new FakeFleetService({ now: () => now });
  service.status();
  for (const ms of [700, 2_300]) {
    now += ms;
    service.status();
  }
  return service;
}
const commands = (service: FakeFleetService) =>
  demoHints(service.status(), '/srv', PROGRAM).map(({ command }) => command);

it('names what is there at this moment', () => {
  expect(commands(fleet())).toEqual([
    'curl http://127.0.0.1:5000/',
    'kill -9 5001',
    'echo 6 > hello/desired',
    'bin/drover --data hello/.drover status',
    'Ctrl-C',
  ]);
});

it('ends a server through Drover where it is no process of this machine', () => {
  const status = fleet().status();
  const groups = status.groups.map((group) => ({
    ...group,
    instances: group.instances.map((instance) => ({ ...instance, machineDetail: '' })),
  }));
  expect(demoHints({ ...status, groups }, '/srv', PROGRAM)[1]?.command).toBe(`${PROGRAM} terminate i-e8e89b13`);
});

it('makes a group small again that is at its maximum', async () => {
  const service = fleet();
  await service.setDesiredCapacity('hello', 10);
  expect(commands(service)).toContain('echo 1 > hello/desired');
});

it('has nothing to try once everything is being ended', async () => {
  const service = fleet();
  await service.down();
  expect(commands(service)).toEqual(['Ctrl-C']);
});
