import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { FLEET, fakeActions, startFake } from '../../test/support/fake-actions.ts';
import { FakeFleetService } from '../../test/support/fake-service.ts';
import { type FakeTerminalOptions, fakeTerminal } from '../../test/support/fake-terminal.ts';
import { CliError, type RunningFleet } from './actions.ts';
import { EXIT } from './exit-codes.ts';
import { runCli } from './program.ts';

let cwd: string;
let ms: number;
let service: FakeFleetService;
let running: RunningFleet;

beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'drover-first-steps-'));
  ms = 0;
  service = new FakeFleetService({ now: () => ms });
  running = await startFake(service, { fleetFile: '', dataDir: join(cwd, '.drover'), mode: 'up' });
});

afterEach(async () => {
  await running.stop();
  await rm(cwd, { recursive: true, force: true });
});

async function drover(args: string, options: FakeTerminalOptions = {}, more = {}) {
  const terminal = fakeTerminal({ cwd, ...options });
  const actions = fakeActions(() => service, more);
  terminal.stdin.end('y\n');
  const exitCode = await runCli(args.split(' '), actions, terminal);
  return { exitCode, out: terminal.out(), err: terminal.err() };
}

it('set-desired does not ask for what is refused', async () => {
  service.status();
  ms = 1_000;
  expect(service.status().groups[0]?.instances[0]?.targets).toHaveLength(1);
  for (const tty of [true, false]) {
    expect(await drover('set-desired hello 0', { tty })).toEqual({
      exitCode: EXIT.refused,
      out: '',
      err: 'drover: 0 is below the minimum 1 of group hello.\n',
    });
  }
});

it('activities of a group that is not there', async () => {
  expect(await drover('activities --group nope')).toEqual({
    exitCode: EXIT.refused,
    out: '',
    err: 'drover: There is no group nope; there is hello.\n',
  });
});

it('demo says which size a file has left it with', async () => {
  const desiredCapacityFile = join(cwd, 'desired');
  await writeFile(desiredCapacityFile, '2\n');
  const loadFleet = async () => ({ ok: true, fleet: { ...FLEET, autoScalingGroups: [{ desiredCapacityFile }] } });
  const startFleet = async () => {
    throw new CliError(EXIT.refused, 'Not now.');
  };
  const more = { loadFleet, startFleet, demoFleetFile: join(cwd, 'fleet.yaml') };
  expect((await drover('demo', {}, more)).err).toBe(
    'The demo starts with 2 servers: the file desired says so.\ndrover: Not now.\n',
  );
});
