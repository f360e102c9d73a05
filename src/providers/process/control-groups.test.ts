import { accessSync, constants, existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { launchRequest } from '../../../test/support/launch-request.ts';
import { isRunning } from '../../../test/support/processes.ts';
import { systemClock } from '../../system/clock.ts';
import {
  ControlGroups,
  type ControlGroupsHost,
  type Limits,
  limitsOf,
  whyNoLimits,
  whyNotDelegated,
} from './control-groups.ts';
import { processProvider } from './index.ts';
import { ProcessProvider } from './provider.ts';

const { signal } = new AbortController();
const UNIT = '/system.slice/drover.service';
const LIMITS = { 'memory.max': '536870912', 'memory.swap.max': '0', 'cpu.max': '50000 100000' };
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'drover-groups-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('limits', () => {
  it('are values of files of the kernel', () => {
    expect(limitsOf(512 * 1024 * 1024, 0.5)).toEqual(LIMITS);
    expect(limitsOf(null, 2)).toEqual({ 'cpu.max': '200000 100000' });
    expect(limitsOf(null, null)).toBeNull();
  });
});

describe('a unit of systemd', () => {
  const STOP_POST =
    "{ path=/bin/sh ; argv[]=/bin/sh -c echo '-memory -cpu' >/sys/fs/cgroup/system.slice/x/cgroup.subtree_control ; }";

  it.each([
    ['Delegate=no\n', 'is not delegated'],
    ['', 'is not delegated'],
    ['Delegate=yes\n', 'could not be started again'],
    ['Delegate=yes\nDelegateSubgroup=other\n', 'could not be started again'],
    [`Delegate=yes\nExecStopPost=${STOP_POST}\n`, null],
    ['Delegate=yes\nDelegateSubgroup=controller\n', null],
  ])('that says %j', (shown, why) => {
    const found = whyNotDelegated('drover.service', shown);
    if (why === null) expect(found).toBeNull();
    else expect(found).toContain(why);
  });
});

describe('on a folder that stands for the control groups of a host', () => {
  let base: string;

  function host({ own = UNIT, isDelegated = true, controllers = 'cpuset cpu memory pids' } = {}): ControlGroupsHost {
    base = join(folder, UNIT);
    mkdirSync(base, { recursive: true });
    for (const place of [folder, base]) writeFileSync(join(place, 'cgroup.controllers'), `${controllers}\n`);
    writeFileSync(join(base, 'cgroup.procs'), '11\n12\n');
    writeFileSync(join(base, 'cgroup.subtree_control'), '');
    writeFileSync(join(folder, 'own'), `1:name=systemd:/\n0::${own}\n`);
    return {
      mount: folder,
      ownFile: join(folder, 'own'),
      whyNotDelegated: async () => (isDelegated ? null : 'it is not delegated to Drover'),
    };
  }

  it.each([UNIT, `${UNIT}/controller`])('makes room below the unit for a controller in %s', async (own) => {
    expect(await new ControlGroups(systemClock, host({ own })).ready(LIMITS)).toBe(base);
    expect(readFileSync(join(base, 'controller', 'cgroup.procs'), 'utf8')).toBe('12');
    expect(readFileSync(join(base, 'cgroup.subtree_control'), 'utf8')).toBe('+cpu');
  });

  it.each([
    ['is not delegated to Drover', { isDelegated: false }],
    ['has no controller memory and none cpu', { controllers: 'pids' }],
    ['is in the control group of the whole host', { own: '/' }],
  ])('refuses a group that %s, and divides nothing', async (why, more) => {
    const error = await new ControlGroups(systemClock, host(more)).ready(LIMITS).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ reaction: 'Invalid', code: 'noLimits', message: expect.stringContaining(why) });
    expect(String(error)).toContain('Delegate=yes');
    expect(existsSync(join(base, 'controller'))).toBe(false);
  });

  it('says what the host lacks', () => {
    host({ controllers: 'pids' });
    expect(whyNoLimits(LIMITS, folder)).toBe('cgroup v2 of this host has no controller memory and none cpu');
    expect(whyNoLimits(LIMITS, join(folder, 'none'))).toContain('this host has no cgroup v2');
  });

  it('limits a group, and tells what that has cost', () => {
    const groups = new ControlGroups(systemClock, host());
    const group = join(folder, 'shop.i-1');
    mkdirSync(group);
    groups.limit(group, LIMITS);
    expect(readFileSync(join(group, 'memory.max'), 'utf8')).toBe('536870912');
    expect(readFileSync(join(group, 'cpu.max'), 'utf8')).toBe('50000 100000');
    expect(existsSync(join(group, 'memory.swap.max'))).toBe(false);
    expect(groups.oomKills(group)).toBe(0);
    writeFileSync(join(group, 'memory.events'), 'low 0\nhigh 0\nmax 7\noom 1\noom_kill 2\noom_group_kill 0\n');
    expect(groups.oomKills(group)).toBe(2);
  });

  it('keeps a launch from a host that cannot limit it, and says so before', async () => {
    const settings = processProvider
      .settingsSchema('/')
      .parse({ command: ['sleep', '60'], memory: '512MiB', cpus: 0.5 });
    const context = { fleet: 'shop', settings: {}, dataDir: folder, clock: systemClock, onProblem: () => {} };
    const provider = new ProcessProvider(context, new ControlGroups(systemClock, host({ isDelegated: false })));
    await expect(provider.launch(launchRequest('i-1', { settings }), signal)).rejects.toMatchObject({
      code: 'noLimits',
    });
    expect((await provider.list(signal)).machines).toEqual([]);
    await provider.close();
  });
});

/** A hierarchy of this host in which groups can be made, and a limit that can be set there. */
function realHierarchy(): { readonly mount: string; readonly limits: Limits } | null {
  for (const mount of ['/sys/fs/cgroup', '/sys/fs/cgroup/unified']) {
    try {
      // Any other than the root of all may have processes in it, and so cannot be divided.
      if (existsSync(join(mount, 'cgroup.events'))) continue;
      accessSync(join(mount, 'cgroup.subtree_control'), constants.W_OK);
      const controllers = readFileSync(join(mount, 'cgroup.controllers'), 'utf8').trim().split(' ');
      if (controllers.includes('pids')) return { mount, limits: { 'pids.max': '200' } };
      if (controllers.includes('hugetlb')) return { mount, limits: { 'hugetlb.2MB.max': '2097152' } };
    } catch {
      // Not this one.
    }
  }
  return null;
}

const real = realHierarchy();

describe.skipIf(real === null)('in the control groups of this host', () => {
  const { mount, limits } = real ?? { mount: '', limits: {} };
  const name = `drover-test-${process.pid}`;
  const base = join(mount, name);
  let before: string;
  let groups: ControlGroups;
  let opened: ProcessProvider[] = [];
  /** Other limits than those of memory and processors can be had everywhere. */
  class OtherLimits extends ControlGroups {
    override ready(): Promise<string> {
      return super.ready(limits);
    }
    override limit(group: string): void {
      super.limit(group, limits);
    }
  }

  const controllers = Object.keys(limits).map((file) => file.split('.')[0]);
  const ownGroup = (pid: number | 'self') => /^0::(.*)$/m.exec(readFileSync(`/proc/${pid}/cgroup`, 'utf8'))?.[1] ?? '';

  beforeEach(() => {
    before = ownGroup('self');
    for (const one of controllers) writeFileSync(join(mount, 'cgroup.subtree_control'), `+${one}`);
    mkdirSync(base);
    writeFileSync(join(base, 'cgroup.procs'), String(process.pid));
    groups = new OtherLimits(systemClock, { mount, ownFile: '/proc/self/cgroup', whyNotDelegated: async () => null });
  });

  afterEach(async () => {
    for (const provider of opened) await provider.close();
    opened = [];
    writeFileSync(join(mount, before, 'cgroup.procs'), String(process.pid));
    rmdirSync(join(base, 'controller'));
    rmdirSync(base);
  });

  function open(): ProcessProvider {
    const context = { fleet: 'shop', settings: {}, dataDir: folder, clock: systemClock, onProblem: () => {} };
    const provider = new ProcessProvider(context, groups);
    opened.push(provider);
    return provider;
  }

  it('a server is in a group of its own from the start, with all that it starts, and the group goes with it', async () => {
    const file = join(folder, 'escaped');
    // A child that leaves the session and drops its variables: only the group knows it.
    const command = ['sh', '-c', `env -i setsid sh -c 'echo $$ >${file}; exec sleep 300' & exec sleep 300`];
    const settings = processProvider.settingsSchema('/').parse({ command, cpus: 0.5, stopTimeout: '1s' });
    const first = open();
    const machine = await first.launch(launchRequest('i-1', { settings }), signal);
    const pid = first.processOf(machine.id) ?? 0;
    expect(ownGroup(pid)).toBe(`/${name}/shop.i-1`);
    expect(ownGroup('self')).toBe(`/${name}/controller`);
    const [limit = '', value] = Object.entries(limits)[0] ?? [];
    expect(readFileSync(join(base, 'shop.i-1', limit), 'utf8').trim()).toBe(value);
    await expect.poll(() => existsSync(file) && readFileSync(file, 'utf8').trim()).toBeTruthy();
    const escaped = Number(readFileSync(file, 'utf8'));
    expect(ownGroup(escaped)).toBe(`/${name}/shop.i-1`);

    // An earlier controller has left an empty group behind, and the limits are gone.
    mkdirSync(join(base, 'shop.i-0'));
    writeFileSync(join(base, 'shop.i-1', limit), 'max');
    await first.close();
    const next = open();
    expect((await next.list(signal)).machines).toMatchObject([{ instanceId: 'i-1', state: 'running' }]);
    expect(existsSync(join(base, 'shop.i-0'))).toBe(false);
    expect(readFileSync(join(base, 'shop.i-1', limit), 'utf8').trim()).toBe(value);

    await next.terminate(machine.id, signal);
    await expect.poll(async () => (await next.list(signal)).machines, { timeout: 20_000 }).toEqual([]);
    expect([await isRunning(pid), await isRunning(escaped)]).toEqual([false, false]);
    expect(existsSync(join(base, 'shop.i-1'))).toBe(false);
  });

  it('a program that cannot be started leaves no group', async () => {
    const settings = processProvider.settingsSchema('/').parse({ command: ['/no/such/program'], cpus: 0.5 });
    const error = open().launch(launchRequest('i-1', { settings }), signal);
    await expect(error).rejects.toMatchObject({ code: 'commandNotFound' });
    expect(existsSync(join(base, 'shop.i-1'))).toBe(false);
    expect(ownGroup('self')).toBe(`/${name}/controller`);
  });
});
