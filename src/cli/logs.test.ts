import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { fakeActions, startFake } from '../../test/support/fake-actions.ts';
import { FakeFleetService } from '../../test/support/fake-service.ts';
import { type FakeTerminalOptions, fakeTerminal } from '../../test/support/fake-terminal.ts';
import type { RunningFleet } from './actions.ts';
import { EXIT } from './exit-codes.ts';
import { runCli } from './program.ts';

let cwd: string;
let service: FakeFleetService;
let running: RunningFleet;

beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'drover-cli-logs-'));
  service = new FakeFleetService({ now: () => Date.UTC(2026, 10, 23, 15, 44) });
  running = await startFake(service, { fleetFile: '', dataDir: join(cwd, '.drover'), mode: 'up' });
});

afterEach(async () => {
  await running.stop();
  await rm(cwd, { recursive: true, force: true });
});

async function drover(args: string, options: FakeTerminalOptions = {}) {
  const terminal = fakeTerminal({ cwd, ...options });
  const exitCode = await runCli(
    args.split(' '),
    fakeActions(() => service),
    terminal,
  );
  return { exitCode, out: terminal.out(), err: terminal.err() };
}

const ids = () => service.status().groups[0]?.instances.map(({ id }) => id) ?? [];

it('of a group says whose each line is', async () => {
  const { exitCode, out } = await drover('logs hello');
  expect({ exitCode, out }).toEqual({
    exitCode: EXIT.ok,
    out: ids()
      .map((id) => `${id}  hello from ${id}\n`)
      .join(''),
  });
  expect(service.calls).toContain('logs {"group":"hello"} 100 false');
});

it('of an instance is what it printed and nothing else, by the beginning of its id', async () => {
  const [id = ''] = ids();
  const { exitCode, out } = await drover(`logs ${id.slice(2, 12)} --lines 7`);
  expect({ exitCode, out }).toEqual({ exitCode: EXIT.ok, out: `hello from ${id}\n` });
  expect(service.calls).toContain(`logs {"instance":"${id}"} 7 false`);
});

it('refuses what is neither', async () => {
  expect(await drover('logs nope')).toMatchObject({ exitCode: EXIT.refused });
  expect(await drover('logs hello --lines -1')).toMatchObject({ exitCode: EXIT.usage });
});
