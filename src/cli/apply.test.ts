import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fakeActions, startFake } from '../../test/support/fake-actions.ts';
import { FakeFleetService } from '../../test/support/fake-service.ts';
import { type FakeTerminalOptions, fakeTerminal } from '../../test/support/fake-terminal.ts';
import type { FleetChange } from '../fleet/change.ts';
import type { RunningFleet } from './actions.ts';
import { EXIT, worst } from './exit-codes.ts';
import { runCli } from './program.ts';

const CREATE: FleetChange = { kind: 'create', path: 'loadBalancers.b', before: null, after: ':80', effect: 'started' };
const REPLACE: FleetChange = {
  kind: 'replace',
  path: 'autoScalingGroups.hello.launchTemplate.command',
  before: '(not shown)',
  after: '(changed, not shown)',
  effect: 'new servers only',
};

let cwd: string;
let ms: number;
let service: FakeFleetService;
let running: RunningFleet;

beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'drover-apply-'));
  await writeFile(join(cwd, 'fleet.yaml'), '');
  ms = 0;
  service = new FakeFleetService({ now: () => ms });
  service.configuration.owner = { kind: 'file', path: join(cwd, 'fleet.yaml') };
  running = await startFake(service, { fleetFile: null, dataDir: join(cwd, '.drover'), mode: 'up' });
});

afterEach(async () => {
  await running.stop();
  await rm(cwd, { recursive: true, force: true });
});

/** A person whose waiting moves the fleet's clock. */
async function drover(args: string, options: FakeTerminalOptions & { answer?: string; stuck?: true } = {}) {
  const terminal = fakeTerminal({ cwd, ...options });
  const { sleep } = terminal.clock;
  terminal.clock.sleep = async (delayMs, signal) => {
    if (options.stuck !== true) ms += delayMs;
    return sleep(delayMs, signal);
  };
  terminal.stdin.end(`${options.answer ?? 'n'}\n`);
  const exitCode = await runCli(
    args.split(' '),
    fakeActions(() => service),
    terminal,
  );
  return { exitCode, out: terminal.out(), err: terminal.err() };
}

const changes = () => service.calls.filter((call) => /^(apply|reload)/.test(call));
const plan = (...all: FleetChange[]) => service.configuration.changes.push(...all);

describe('drover apply', () => {
  it('applies the file that owns the fleet, also by another path to it', async () => {
    plan(CREATE);
    await mkdir(join(cwd, 'd'));
    await symlink(join(cwd, 'fleet.yaml'), join(cwd, 'd', 'link.yaml'));
    const args = `apply d/link.yaml --yes --data ${join(cwd, '.drover')}`;
    expect((await drover(args)).out).toContain('Applied 1 change. The fleet is at version 1.');
    expect(changes()).toEqual(['reload']);
  });

  it('refuses another file than the one that owns the fleet', async () => {
    plan(CREATE);
    await writeFile(join(cwd, 'other.yaml'), '');
    const { exitCode, err } = await drover('apply other.yaml --yes');
    expect([exitCode, changes()]).toEqual([EXIT.refused, []]);
    expect(err).toContain(`${join(cwd, 'fleet.yaml')} owns this fleet, so ${join(cwd, 'other.yaml')} is not applied`);
  });

  it('says what kind each change is, how many there are, and what happens to running servers', async () => {
    service.status();
    plan(CREATE, REPLACE);
    const { out, err, exitCode } = await drover('apply', { tty: true, columns: 200, answer: 'y' });
    expect(out).toContain('+  loadBalancers.b');
    expect(out).toContain('±  autoScalingGroups.hello.launchTemplate.command');
    expect(out).toContain('1 to create (+), 0 to change in place (~), 1 to replace (±), 0 to destroy (-).');
    expect(out).toContain('The 3 servers of hello that run keep what they were launched with; `drover drain` replaces');
    expect(err).toContain('Apply 2 changes? [y/N]');
    expect(exitCode).toBe(EXIT.ok);
  });

  it('asks, and changes nothing on a no, or where nobody can be asked', async () => {
    plan(CREATE);
    expect((await drover('apply', { tty: true })).exitCode).toBe(EXIT.refused);
    expect((await drover('apply')).exitCode).toBe(EXIT.usage);
    expect(changes()).toEqual([]);
  });

  it.each(['--plan', '--dry-run'])(
    '%s changes nothing, and tells pipelines whether there is something',
    async (flag) => {
      expect((await drover(`apply ${flag} --detailed-exitcode`)).exitCode).toBe(EXIT.ok);
      plan(CREATE);
      expect((await drover(`apply ${flag}`)).exitCode).toBe(EXIT.ok);
      expect(await drover(`apply ${flag} --detailed-exitcode`)).toMatchObject({ exitCode: EXIT.changes, err: '' });
      expect(changes()).toEqual([]);
    },
  );

  it.each(['apply --plan --yes', 'apply --yes --detailed-exitcode', 'apply --json', 'apply -o yaml', 'reload --json'])(
    '%s is refused before anything is asked',
    async (args) => {
      expect((await drover(args)).exitCode).toBe(EXIT.usage);
      expect(service.calls).toEqual([]);
    },
  );

  it('as JSON, a plan or what was applied, and nothing else on standard output', async () => {
    plan(CREATE);
    const counts = { create: 1, change: 0, replace: 0, destroy: 0 };
    const file = join(cwd, 'fleet.yaml');
    const planned = JSON.parse((await drover('apply --plan --json')).out);
    expect(planned).toEqual({ file, changes: [CREATE], counts, applied: null });
    const applied = JSON.parse((await drover('apply --yes -o json')).out);
    expect(applied.applied).toEqual({ version: 1, changes: [CREATE], pending: [] });
    expect(JSON.parse((await drover('apply --yes -o json')).out)).toMatchObject({ changes: [], applied: null });
  });

  it('--wait waits until every group is as it should be', async () => {
    const { err, exitCode } = await drover('apply --yes --wait');
    expect(err).toMatch(/^Waiting: hello has 0 of 3 in service, 3 pending/);
    expect(err).toContain('Every group is as it should be.\n');
    expect(exitCode).toBe(EXIT.ok);
  });
});

describe('waiting', () => {
  const settle = async () => {
    service.status();
    ms += 700;
    service.status();
    ms += 2_300;
    service.status();
  };

  it('ends with a code of its own when the time is over; what was begun goes on', async () => {
    const { err, exitCode } = await drover('set-desired hello 5 --timeout 2s', { stuck: true });
    expect(exitCode).toBe(EXIT.timedOut);
    expect(err).toContain('drover: Not done within 2s: hello has 0 of 5 in service');
  });

  it('ends at once where nothing is launched until a person acts', async () => {
    service.suspended = '5 launches failed in a row.';
    const { err, exitCode } = await drover('set-desired hello 5 --wait');
    expect(exitCode).toBe(EXIT.failed);
    expect(err).toContain('Launching is suspended in group hello: 5 launches failed in a row. `drover resume hello`');
  });

  it('drain waits until they are gone and replaced', async () => {
    await settle();
    const [first, second] = service.status().groups[0]?.instances.map(({ id }) => id) ?? [];
    const { out, err, exitCode } = await drover(`drain ${first} ${second} --wait`);
    expect(exitCode).toBe(EXIT.ok);
    expect(out).toBe(`Draining ${first}.\nDraining ${second}.\n`);
    expect(err).toContain(`Waiting: ${first} is draining, ${second} is draining.\n`);
    expect(err).toContain(`${first}, ${second}: gone, and replaced as far as needed.\n`);
    const group = service.status().groups[0];
    expect([group?.inService, group?.instances.length]).toEqual([3, 3]);
  });

  it('goes on while the controller does not answer', async () => {
    await settle();
    let asked = 0;
    const { status } = service;
    service.status = () => {
      asked += 1;
      if (asked === 1) void running.stop();
      return status.call(service);
    };
    const waiting = drover('set-desired hello 4 --wait');
    await expect.poll(() => asked).toBeGreaterThan(0);
    await running.ended;
    running = await startFake(service, { fleetFile: null, dataDir: join(cwd, '.drover'), mode: 'up' });
    expect((await waiting).exitCode).toBe(EXIT.ok);
  });
});

describe('several ids', () => {
  it('each has its own outcome, and the exit code is that of the worst', async () => {
    service.status();
    const [first, second] = service.status().groups[0]?.instances.map(({ id }) => id) ?? [];
    const { out, err, exitCode } = await drover(`drain ${first} i-nope ${second} ${first}`);
    expect(out.match(/Draining i-/g)).toHaveLength(2);
    expect(err).toContain('drover: There is no instance i-nope. `drover status` lists them.\n');
    expect(exitCode).toBe(EXIT.refused);
  });

  it('terminate asks once for all of them', async () => {
    service.status();
    const ids = service.status().groups[0]?.instances.map(({ id }) => id) ?? [];
    const { err, out } = await drover(`terminate ${ids.join(' ')}`, { tty: true, answer: 'y' });
    expect(err).toContain('Terminate 3 instances (3 of hello) at once?');
    expect(out.match(/Terminating i-/g)).toHaveLength(3);
  });

  it('the worst is what failed, then what was refused, then what took too long', () => {
    expect(worst([])).toBe(EXIT.ok);
    expect(worst([EXIT.timedOut, EXIT.refused, EXIT.ok])).toBe(EXIT.refused);
    expect(worst([EXIT.failed, EXIT.refused])).toBe(EXIT.failed);
  });
});

describe('--output', () => {
  it('name is what other commands take', async () => {
    service.status();
    const { out } = await drover('status -o name');
    expect(out).toMatch(/^(i-[0-9a-f]{17}\n){3}$/);
    expect((await drover('fleet versions -o name')).out).toBe('1\n');
  });

  it('yaml has the keys of the JSON', async () => {
    const { parse } = await import('yaml');
    for (const command of [
      'status',
      'plan',
      'explain hello',
      'fleet versions',
      'activities --limit 3',
      'doctor',
      'simulate --group hello',
    ]) {
      const json = await drover(`${command} -o json`);
      const lines = command.startsWith('activities') ? `[${json.out.trim().split('\n')}]` : json.out;
      expect(parse((await drover(`${command} -o yaml`)).out)).toEqual(JSON.parse(lines));
    }
  });

  it('validate says what is wrong as data, at its line', async () => {
    const errors = [
      { file: 'fleet.yaml', line: 3, column: 5, path: 'name', value: 'x', message: 'no', source: 'name: x' },
    ];
    const terminal = fakeTerminal({ cwd });
    const actions = fakeActions(() => service, { loadFleet: async () => ({ ok: false, errors }) });
    expect(await runCli(['validate', '-o', 'json'], actions, terminal)).toBe(EXIT.invalidFleetFile);
    const placed = { file: 'fleet.yaml', line: 3, column: 5, path: 'name', message: 'no' };
    const file = join(cwd, 'fleet.yaml');
    expect(JSON.parse(terminal.out())).toEqual({ file, valid: false, errors: [placed], warnings: [] });
    expect(terminal.err()).toBe('');
    expect(JSON.parse((await drover('validate --json')).out)).toMatchObject({ valid: true, errors: [] });
  });

  it('wide cuts nothing, however narrow the terminal is', async () => {
    service.status();
    const narrow = await drover('status', { tty: true, columns: 60 });
    const wide = await drover('status -o wide', { tty: true, columns: 60 });
    expect(narrow.out).not.toContain('REQUESTS');
    expect(wide.out).toContain('REQUESTS');
  });

  it('--json beside another format is refused', async () => {
    expect((await drover('status --json -o yaml')).exitCode).toBe(EXIT.usage);
    expect((await drover('status -o table --watch')).exitCode).toBe(EXIT.usage);
    expect((await drover('activities -o name')).exitCode).toBe(EXIT.usage);
  });
});
