import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fakeActions, startFake } from '../../test/support/fake-actions.ts';
import { FakeFleetService } from '../../test/support/fake-service.ts';
import { type FakeTerminalOptions, fakeTerminal } from '../../test/support/fake-terminal.ts';
import type { RunningFleet, StartOptions } from './actions.ts';
import { EXIT } from './exit-codes.ts';
import { runCli } from './program.ts';

const CHANGE = {
  kind: 'change' as const,
  path: 'name',
  before: 'a',
  after: 'b\u001B[2J',
  effect: 'HAProxy is reloaded',
};

const WARNING = {
  file: 'fleet.yaml',
  line: 3,
  column: 5,
  path: 'name',
  value: null,
  message: 'too few ports',
  source: '',
};

let cwd: string;
let service: FakeFleetService;
let running: RunningFleet;

beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'drover-cli-'));
  service = new FakeFleetService({ now: () => 0 });
  running = await startFake(service, { fleetFile: null, dataDir: join(cwd, '.drover'), mode: 'up' });
});

afterEach(async () => {
  await running.stop();
  await rm(cwd, { recursive: true, force: true });
});

async function drover(args: string, more = {}, options: FakeTerminalOptions = {}) {
  const terminal = fakeTerminal({ cwd, ...options });
  const exitCode = await runCli(
    args.split(' '),
    fakeActions(() => service, more),
    terminal,
  );
  return { exitCode, out: terminal.out(), err: terminal.err() };
}

/** What was asked that may change something. */
const changes = () => service.calls.filter((call) => /^(apply|rollback)/.test(call));
const byApi = () => {
  service.configuration.owner = { kind: 'api' };
};

it('reload shows the changes, asks, applies them, and says what is left', async () => {
  expect((await drover('reload --yes')).out).toContain('No changes.');
  service.configuration.changes.push(CHANGE);
  const refused = await drover('reload');
  expect(refused.out).toBe(
    '   WHERE  BEFORE  AFTER  EFFECT\n~  name   a       b      HAProxy is reloaded\n\n' +
      '0 to create (+), 1 to change in place (~), 0 to replace (±), 0 to destroy (-).\n',
  );
  expect(refused.exitCode).toBe(EXIT.usage);
  service.configuration.pending.push('Terminating load balancer a is tried again: no.');
  const done = await drover('reload --yes', { warnings: async () => [WARNING] });
  expect(done.out).toContain('Applied 1 change. The fleet is at version 1.');
  expect(done.err).toContain('drover: warning: fleet.yaml:3:5  name  too few ports.\n');
  expect(done.err).toContain('drover: warning: Terminating load balancer a is tried again: no.\n');
});

it('reload applies what it has shown, and nothing that was changed since', async () => {
  service.configuration.changes.push(CHANGE);
  const warnings = async () => {
    service.configuration.changes.push({ ...CHANGE, path: 'other' });
    return [];
  };
  const { exitCode, err } = await drover('reload --yes', { warnings });
  expect([exitCode, err]).toEqual([EXIT.refused, expect.stringContaining('has changed since its changes were shown')]);
  expect(service.configuration.changes).toHaveLength(2);
});

describe('drover fleet', () => {
  it('versions lists them with where they came from, and who owns the fleet', async () => {
    service.configuration.record({ content: {}, baseDir: '/' }, { kind: 'rollback', caller: 'curl', to: 1 });
    const { out } = await drover('fleet versions');
    expect(out).toMatch(
      /^VERSION +TIME +FROM +DIGEST\n +2 .* version 1, brought back by curl +digest2\n +1 .*fleet\.yaml/,
    );
    expect(out).toContain('The file /srv/hello/fleet.yaml owns the fleet');
    expect(JSON.parse((await drover('fleet versions --json')).out).versions).toHaveLength(2);
  });

  it('show prints a version as a fleet file, and how many values are missing from it', async () => {
    const { out, err } = await drover('fleet show');
    expect(out).toBe('fleet: hello\nautoScalingGroups:\n  web:\n    environment: (not shown)\n');
    expect(err).toContain('Relative paths start in /srv/hello.');
    expect(err).toContain('1 value that may be secret');
    expect(await drover('fleet show 7')).toMatchObject({ exitCode: EXIT.refused, out: '' });
    expect(await drover('fleet show seven')).toMatchObject({ exitCode: EXIT.usage });
  });

  it.each([
    ['fleet diff', 'compare 1 2'],
    ['fleet diff 2', 'compare 2 2'],
    ['fleet diff 2 1', 'compare 2 1'],
  ])('%s compares versions', async (command, call) => {
    service.configuration.record({ content: {}, baseDir: '/' }, { kind: 'api', caller: 'curl' });
    service.configuration.changes.push(CHANGE);
    expect((await drover(command)).out).toContain('name   a       b');
    expect(service.calls.at(-1)).toBe(call);
  });

  it('apply shows what a file would change, asks, and sends what it was made from', async () => {
    byApi();
    expect((await drover('apply fleet.yaml')).out).toBe('No changes.\n');
    service.configuration.changes.push(CHANGE);
    expect(await drover('apply fleet.yaml')).toMatchObject({ exitCode: EXIT.usage });
    expect(changes()).toEqual([]);
    const { out } = await drover('apply fleet.yaml --yes');
    expect(out).toContain('Applied 1 change. The fleet is at version 2.');
    expect(changes()).toEqual(['apply 1 by drover']);
  });

  it('rollback shows what an earlier version would change, asks, and sends what it was made from', async () => {
    byApi();
    service.configuration.record({ content: {}, baseDir: '/' }, { kind: 'api', caller: 'curl' });
    service.configuration.changes.push(CHANGE);
    expect(await drover('fleet rollback 1')).toMatchObject({ exitCode: EXIT.usage });
    expect((await drover('fleet rollback 1 --yes')).out).toContain('The fleet is at version 3.');
    expect(changes()).toEqual(['rollback 1 2 by drover']);
  });

  it('rollback leaves it to the controller to say what to do where a file owns the fleet', async () => {
    await drover('fleet rollback 1');
    expect(changes()).toEqual(['rollback 1 1 by drover']);
  });
});

it.each([
  ['run --plain', {}, 'fleet.yaml'],
  ['run --plain --data d', {}, null],
  ['run --plain', { DROVER_DATA: 'd' }, null],
  ['run --plain other.yaml --data d', {}, 'other.yaml'],
] as const)('%s with %o runs the fleet of %o', async (command, env, fleetFile) => {
  const started: StartOptions[] = [];
  const startFleet = async (options: StartOptions) => {
    started.push(options);
    throw new Error('enough');
  };
  await drover(command, { startFleet }, { env });
  expect(started.map((one) => one.fleetFile)).toEqual([fleetFile === null ? null : join(cwd, fleetFile)]);
});
