import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fakeActions, startFake } from '../../test/support/fake-actions.ts';
import { FakeFleetService } from '../../test/support/fake-service.ts';
import { type FakeTerminalOptions, fakeTerminal } from '../../test/support/fake-terminal.ts';
import { ServiceError } from '../control/service.ts';
import { CliError, type RunningFleet } from './actions.ts';
import { EXIT } from './exit-codes.ts';
import { runCli } from './program.ts';

let cwd: string;
let now: () => number;
let service: FakeFleetService;
let running: RunningFleet | null;

beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'drover-cli-'));
  const start = Date.UTC(2026, 10, 23, 15, 44);
  now = () => start;
  service = new FakeFleetService({ now: () => now() });
  running = null;
});

afterEach(async () => {
  await running?.stop();
  await rm(cwd, { recursive: true, force: true });
});

async function serve() {
  running = await startFake(service, { fleetFile: '', dataDir: join(cwd, '.drover'), mode: 'up' });
}

/** A terminal whose virtual clock the fake fleet lives by. */
function person(options: FakeTerminalOptions = {}) {
  const terminal = fakeTerminal({ cwd, ...options });
  now = () => terminal.clock.now();
  return terminal;
}

async function drover(args: string, options: FakeTerminalOptions & { answer?: string } = {}, more = {}) {
  const terminal = person(options);
  if (options.answer !== undefined) terminal.stdin.end(`${options.answer}\n`);
  const exitCode = await runCli(
    args.split(' '),
    fakeActions(() => service, more),
    terminal,
  );
  return { exitCode, out: terminal.out(), err: terminal.err() };
}

const ids = () => service.status().groups[0]?.instances.map(({ id }) => id) ?? [];
const firstId = () => ids()[0] ?? '';

describe('a running fleet', () => {
  beforeEach(serve);

  it('status', async () => {
    const { exitCode, out } = await drover('status');
    expect(exitCode).toBe(EXIT.ok);
    expect(out).toContain('drover  hello');
    expect(out).toContain('INSTANCE');
  });

  it('status --json', async () => {
    const { out } = await drover('status --json');
    expect(JSON.parse(out)).toEqual(service.status());
  });

  it('status --watch, until it is interrupted', async () => {
    const terminal = person({ tty: true });
    const done = runCli(
      ['status', '--watch'],
      fakeActions(() => service),
      terminal,
    );
    await expect.poll(terminal.out).toContain('in service');
    terminal.interrupt();
    expect(await done).toBe(EXIT.ok);
  });

  it('status --watch keeps what it saw when the controller is killed', async () => {
    const terminal = person({ tty: true });
    const done = runCli(
      ['status', '--watch'],
      fakeActions(() => service),
      terminal,
    );
    await expect.poll(terminal.out).toContain('drover  hello');
    await running?.stop();
    await expect.poll(terminal.out).toContain('The controller does not answer');
    await serve();
    terminal.interrupt();
    expect(await done).toBe(EXIT.ok);
  });

  it('activities, for people and for programs', async () => {
    const { out } = await drover('activities --limit 2 --level info --group hello');
    expect(out).toMatch(/^2026-11-23 \d\d:44:00 {2}info {5}Launching i-\w{17}: 1 of 3 desired.*\n.*\n$/);
    const json = (await drover('activities --json --limit 1')).out;
    expect(JSON.parse(json)).toMatchObject({ reason: 'launch', group: 'hello' });
  });

  it('activities --follow, until it is interrupted', async () => {
    const terminal = person();
    const done = runCli(
      ['activities', '--follow'],
      fakeActions(() => service),
      terminal,
    );
    await expect.poll(terminal.out).toContain('is in service');
    terminal.interrupt();
    expect(await done).toBe(EXIT.ok);
    expect(terminal.out().match(/fleet hello is new/g)).toHaveLength(1);
  });

  it('activities --instance takes a prefix, and the whole id of one that is gone', async () => {
    const id = firstId();
    expect((await drover(`activities --instance ${id.slice(0, 6)}`)).out.split('\n')).toHaveLength(2);
    expect(await drover('activities --instance i-00000000000000000')).toMatchObject({ exitCode: EXIT.ok, out: '' });
  });

  it('plan', async () => {
    service.suspended = 'failures';
    service.configuration.changes.push({
      kind: 'change',
      path: 'autoScalingGroups.hello.maxSize',
      before: '3',
      after: '5',
      effect: 'nothing now',
    });
    const { out } = await drover('plan');
    expect(out).toContain('autoScalingGroups.hello.maxSize  3       5      nothing now');
    expect(out).toContain('→ launch: Launching 1 server: 2 of 3 are there.');
    expect(out).toContain('waits: Launching waits 30 s after 2 failures in a row. (12s left)');
    expect(JSON.parse((await drover('plan --json')).out).groups).toHaveLength(1);
  });

  it('set-desired', async () => {
    expect((await drover('set-desired hello 6')).out).toBe('Desired capacity of hello: 3 before, 6 now.\n');
    expect((await drover('set-desired hello 6')).out).toBe('Desired capacity of hello is 6 already.\n');
    expect(await drover('set-desired hello 60')).toEqual({
      exitCode: EXIT.refused,
      out: '',
      err: 'drover: 60 is above the maximum 10 of group hello.\n',
    });
    expect((await drover('set-desired hello many')).exitCode).toBe(EXIT.usage);
  });

  it('resume', async () => {
    expect((await drover('resume hello')).out).toBe('Nothing is suspended in group hello.\n');
    expect((await drover('resume nope')).exitCode).toBe(EXIT.refused);
    service.suspended = 'failures';
    expect((await drover('resume hello')).out).toBe('Group hello launches again.\n');
  });

  it('suspend and resume processes, also as AWS writes them', async () => {
    const resume = '`drover resume hello launch alarmNotification`';
    const { out } = await drover('suspend hello launch AlarmNotification');
    expect(out).toBe(`Suspended in group hello: launch, alarmNotification. Resume with ${resume}.\n`);
    expect((await drover('resume hello Launch')).out).toContain('Suspended in group hello: alarmNotification.');
    expect((await drover('resume hello alarmNotification')).out).toBe('Nothing is suspended in group hello.\n');
    expect((await drover('suspend hello lunch')).err).toContain('The processes are launch, terminate, healthCheck,');
  });

  it('explain', async () => {
    expect((await drover('explain hello')).out).toContain('hello should have 3 servers');
    expect(JSON.parse((await drover('explain hello --json')).out)).toEqual(await service.explain('hello'));
  });

  it('drain, by a prefix with or without i-', async () => {
    const [first = '', second = ''] = ids();
    expect((await drover(`drain ${first.slice(0, 7)}`)).out).toContain(`Draining ${first}.`);
    expect((await drover(`drain ${second.slice(2, 7)}`)).out).toContain(`Draining ${second}.`);
    service.drainWaitsFor = 'It waits.';
    expect((await drover(`drain ${second}`)).out).toBe('It waits. `drover status` shows how it goes.\n');
  });

  it('refuses a prefix of none or of several', async () => {
    expect(await drover('drain zzz')).toMatchObject({ exitCode: EXIT.refused, err: expect.stringContaining('zzz') });
    expect(await drover('drain i-')).toMatchObject({
      exitCode: EXIT.refused,
      err: expect.stringContaining('Give more digits'),
    });
  });

  it('terminate asks, and takes only a yes for one', async () => {
    const tty = { tty: true };
    const asked = await drover(`terminate ${firstId()}`, { ...tty, answer: 'no' });
    expect(asked.err).toMatch(/Terminate i-\w{17} of hello at once\?.*\[y\/N\] drover: Nothing was changed\.\n$/);
    expect(asked.exitCode).toBe(EXIT.refused);
    expect((await drover(`terminate ${firstId()}`, { ...tty, answer: '' })).exitCode).toBe(EXIT.refused);
    expect((await drover(`terminate ${firstId()}`, { ...tty, answer: 'y' })).out).toContain('Terminating i-');
    expect(service.calls.filter((call) => call.startsWith('terminate'))).toHaveLength(1);
  });

  it('a question that is interrupted is no yes', async () => {
    const terminal = person({ tty: true });
    const done = runCli(
      ['down'],
      fakeActions(() => service),
      terminal,
    );
    await expect.poll(terminal.err).toContain('Terminate everything that fleet hello owns, 3 servers');
    terminal.interrupt();
    expect(await done).toBe(EXIT.interrupted);
    expect(service.calls).toEqual([]);
  });

  it('terminate without a terminal needs --yes', async () => {
    const refused = await drover(`terminate ${firstId()}`, { answer: 'y' });
    expect(refused.exitCode).toBe(EXIT.usage);
    expect(refused.err).toContain('Pass --yes to confirm.');
    expect((await drover(`terminate ${firstId()} --yes`)).exitCode).toBe(EXIT.ok);
  });

  it('down follows the end, line by line where there is no terminal', async () => {
    const { exitCode, out, err } = await drover('down --yes');
    expect({ exitCode, err }).toEqual({ exitCode: EXIT.ok, err: 'Everything that the fleet owned is gone.\n' });
    expect(out.split('\n')[0]).toMatch(
      /^2026-11-23T15:44:\S+Z {2}warning {2}- {2}- {2}fleetDown {2}Ending all 3 servers/,
    );
    await running?.ended;
    running = null;
  });

  it('down says so when it is interrupted, and the controller goes on', async () => {
    const terminal = person();
    // At once: with a virtual clock the end is near.
    terminal.stdout.on('data', terminal.interrupt);
    expect(
      await runCli(
        ['down', '--yes'],
        fakeActions(() => service),
        terminal,
      ),
    ).toBe(EXIT.interrupted);
    expect(terminal.err()).toContain('goes on terminating the fleet');
  });
});

describe('without a running controller', () => {
  it.each([
    'status',
    'plan',
    'activities',
    'set-desired hello 3',
    'drain i-1',
    'resume hello',
    'resume hello launch',
    'explain hello',
    'reload',
    'status --watch',
  ])('%s says how to start one', async (args) => {
    const { exitCode, out, err } = await drover(args);
    expect({ exitCode, out }).toEqual({ exitCode: EXIT.notRunning, out: '' });
    expect(err).toContain(`No controller is running in ${join(cwd, '.drover')}. Start it with \`drover run\``);
  });

  it('takes the data folder from --data, then from the environment', async () => {
    const env = { DROVER_DATA: '/tmp/from-env' };
    expect((await drover('status', { env })).err).toContain('in /tmp/from-env.');
    expect((await drover('status --data deep/er', { env })).err).toContain(`in ${join(cwd, 'deep/er')}.`);
    expect((await drover('--data /tmp/given status', { env })).err).toContain('in /tmp/given.');
  });

  it('down starts one for it', async () => {
    const { exitCode, err } = await drover('down --yes');
    expect({ exitCode, err }).toEqual({ exitCode: EXIT.ok, err: 'Everything that the fleet owned is gone.\n' });
    expect(service.calls).toContain('down');
  });
});

describe('run and demo', () => {
  it('run writes a line for each activity and nothing else, until it is interrupted', async () => {
    const terminal = person();
    const done = runCli(
      ['run'],
      fakeActions(() => service),
      terminal,
    );
    await expect.poll(terminal.out).toContain('is in service');
    terminal.interrupt();
    expect(await done).toBe(EXIT.ok);
    for (const line of terminal.out().trimEnd().split('\n')) {
      expect(line).toMatch(/^\d{4}-\d\d-\d\dT\S+Z {2}info {2}\S+ {2}\S+ {2}\w+ {2}\S/);
    }
    expect(terminal.err()).toContain('HAProxy and the servers go on');
    expect(service.calls).not.toContain('down');
  });

  it('run shows a live view on a terminal, unless --plain', async () => {
    for (const [args, text] of [
      ['run', 'INSTANCE'],
      ['run --plain', 'controllerStarted'],
    ] as const) {
      const terminal = person({ tty: true });
      service = new FakeFleetService({ now });
      const done = runCli(
        args.split(' '),
        fakeActions(() => service),
        terminal,
      );
      await expect.poll(terminal.out).toContain(text);
      terminal.interrupt();
      expect(await done).toBe(EXIT.ok);
    }
  });

  it('run takes the data folder beside the fleet file', async () => {
    const started: unknown[] = [];
    const startFleet = async (options: unknown) => {
      started.push(options);
      throw new CliError(EXIT.refused, 'Another controller holds this data folder.');
    };
    const { exitCode, err } = await drover('run sub/fleet.yaml', {}, { startFleet });
    expect({ exitCode, err }).toEqual({
      exitCode: EXIT.refused,
      err: 'drover: Another controller holds this data folder.\n',
    });
    expect(started).toEqual([
      { logLevel: 'info', fleetFile: join(cwd, 'sub/fleet.yaml'), dataDir: join(cwd, 'sub/.drover'), mode: 'up' },
    ]);
  });

  it('run passes on what the controller broke with', async () => {
    const ended = Promise.reject(new Error('The disk is full.'));
    const startFleet = async () => ({ source: service, ended, stop: async () => {}, down: async () => {} });
    const { exitCode, err } = await drover('run', {}, { startFleet });
    expect({ exitCode, err }).toEqual({ exitCode: EXIT.failed, err: 'drover: The disk is full.\n' });
  });

  it('demo says what to try and ends all that it started', async () => {
    const terminal = person({ tty: true });
    const actions = fakeActions(() => service, { demoFleetFile: join(cwd, 'fleet.yaml') });
    const done = runCli(['demo'], actions, terminal);
    await expect.poll(terminal.out).toContain('kill -9 5001');
    terminal.interrupt();
    expect(await done).toBe(EXIT.ok);
    expect(terminal.out()).toContain('ending everything');
    expect(terminal.err()).toContain('Everything that the demo started is gone.');
    expect(ids()).toEqual([]);
  });
});

describe('fleet files', () => {
  const error = { file: 'fleet.yaml', line: 3, column: 5, path: 'name', value: '', message: 'it is empty', source: '' };
  const loadFleet = async () => ({ ok: false, errors: [error] }) as const;

  it('validate', async () => {
    expect(await drover('validate')).toMatchObject({
      exitCode: EXIT.ok,
      out: `${join(cwd, 'fleet.yaml')} is valid: fleet hello with 0 load balancers, 0 target groups, 0 auto scaling groups.\n`,
    });
    expect(await drover('validate', {}, { loadFleet })).toEqual({
      exitCode: EXIT.invalidFleetFile,
      out: '',
      err: expect.stringMatching(/^fleet.yaml:3:5 .*it is empty\ndrover: The fleet file has 1 error; nothing was/),
    });
  });

  it('schema', async () => {
    expect(JSON.parse((await drover('schema')).out)).toEqual({ type: 'object' });
  });

  it('a reload that is refused for the file is an invalid file', async () => {
    await serve();
    service.nextError = new ServiceError('invalid', 'fleet.yaml:3:5  it is empty');
    expect(await drover('reload --yes')).toMatchObject({ exitCode: EXIT.invalidFleetFile });
  });
});
