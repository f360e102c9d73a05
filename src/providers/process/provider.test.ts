import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { appendFile, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { launchRequest } from '../../../test/support/launch-request.ts';
import { ProcessWorld, pidOf, processTests, settings, terminated } from '../../../test/support/process-world.ts';
import { isRunning } from '../../../test/support/processes.ts';
import type { JsonObject } from '../../model/json.ts';
import type { Machine } from '../../model/observation.ts';
import { ProcessProvider } from './provider.ts';

const tests = processTests('shop');
const { signal } = tests;

function launch(instanceId: string, more: JsonObject = {}): Promise<Machine> {
  return tests.provider.launch(
    launchRequest(instanceId, { settings: settings({ command: ['sleep', '600'], ...more }) }),
    signal,
  );
}

function portOf({ ports }: Machine): number | undefined {
  return ports?.[0]?.hostPort;
}

/** The next controller, after the one before was killed: nothing is told to it but the folder. */
async function restart(): Promise<void> {
  tests.provider = await tests.world.open(tests.fleet);
}

async function eventually(isSo: () => boolean | Promise<boolean>): Promise<void> {
  await expect.poll(isSo, { interval: 10 }).toBe(true);
}

async function changeRecord(instanceId: string, change: object): Promise<void> {
  const path = join(tests.world.dataDir, instanceId, 'machine.json');
  const record = JSON.parse(await readFile(path, 'utf8'));
  await writeFile(path, JSON.stringify({ ...record, ...change }));
}

async function log(instanceId: string): Promise<string> {
  return await readFile(join(tests.world.dataDir, instanceId, 'server.log'), 'utf8');
}

describe('launch', () => {
  it('passes on a bare environment, the port and the tags, and leads a session', async () => {
    const machine = await launch('i-1', {
      command: ['sh', '-c', 'env; echo ready'],
      environment: { COLOUR: 'green' },
      workingDirectory: '/',
    });
    await eventually(async () => (await log('i-1')).endsWith('ready\n'));
    const variables = (await log('i-1')).split('\n');
    expect(variables).toEqual(
      expect.arrayContaining([
        `PORT=${portOf(machine)}`,
        'HOST=127.0.0.1',
        'COLOUR=green',
        'PWD=/',
        `DROVER_FLEET=${tests.fleet}`,
        'DROVER_GROUP=web',
        'DROVER_INSTANCE_ID=i-1',
        `DROVER_DATA_DIR=${tests.world.dataDir}`,
      ]),
    );
    const inherited = ['PATH', 'HOME', 'LANG', 'TZ', 'USER'];
    const own = ['PORT', 'HOST', 'COLOUR', 'PWD', 'OLDPWD', 'SHLVL', '_'];
    const names = variables.flatMap((line) => (line.includes('=') ? [line.slice(0, line.indexOf('='))] : []));
    expect(names.filter((name) => ![...inherited, ...own].includes(name) && !name.startsWith('DROVER_'))).toEqual([]);
  });

  it.each([
    [{ command: ['drover-no-such-program'] }, 'commandNotFound', 'drover-no-such-program was not found'],
    [{ command: ['/dev/null'] }, 'commandNotExecutable', 'check its permissions'],
    [{ workingDirectory: '/no/such/folder' }, 'noWorkingDirectory', 'create it or correct workingDirectory'],
  ])('refuses what can never run: %j', async (more, code, message) => {
    const error = await launch('i-1', more).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ reaction: 'Invalid', code, message: expect.stringContaining(message) });
    expect((await tests.provider.list(signal)).machines).toEqual([]);
    expect(await readdir(tests.world.dataDir)).toEqual([]);
  });

  it.each(['', '..', 'a/b', '.hidden', 'ended'])('refuses the id %j, which cannot name a folder', async (id) => {
    await expect(launch(id)).rejects.toMatchObject({ reaction: 'Invalid', code: 'instanceId' });
  });

  it('counts a server that exits at once as launched, and says how it ended', async () => {
    await launch('i-1', { command: ['sh', '-c', 'echo starting; echo no such database >&2; exit 3'] });
    await eventually(async () => (await tests.provider.list(signal)).machines[0]?.detail.includes('code 3') ?? false);
    const [machine] = (await tests.provider.list(signal)).machines;
    expect(machine).toMatchObject({ state: 'stopped' });
    expect(machine?.detail).toMatch(/^pid \d+ exited with code 3; last log line: no such database$/);
  });

  it('finds the process of a controller that was killed between spawning and recording', async () => {
    const machine = await launch('i-1');
    await changeRecord('i-1', { process: null });
    await restart();
    expect(pidOf(await launch('i-1'))).toBe(pidOf(machine));
    expect(await tests.world.processes()).toHaveLength(1);
  });

  it('finds it also when the recording failed in its own life', async () => {
    const machine = await launch('i-1');
    await changeRecord('i-1', { process: null });
    expect(pidOf(await launch('i-1'))).toBe(pidOf(machine));
    expect(await tests.world.processes()).toHaveLength(1);
  });

  it('outlives a controller that is killed, and is known to the next one', async () => {
    const modules = ['providers/process/index.ts', 'system/clock.ts'].map((name) =>
      join(import.meta.dirname, '../..', name),
    );
    const script = `
      import { processProvider } from ${JSON.stringify(modules[0])};
      import { systemClock as clock } from ${JSON.stringify(modules[1])};
      const provider = processProvider.create({ fleet: ${JSON.stringify(tests.fleet)}, settings: {}, dataDir: ${JSON.stringify(tests.world.dataDir)}, clock, onProblem() {} });
      const settings = ${JSON.stringify(tests.world.settings)};
      const { signal } = new AbortController();
      const ids = ['i-1', 'i-2', 'i-3', 'i-4'];
      const more = { launchTemplateVersion: 'v1', placement: { zone: null, instanceType: null } };
      const launch = (instanceId) => provider.launch({ instanceId, group: 'web', serves: false, settings, ...more }, signal);
      // Killed as soon as the first is there, whatever the others have come to.
      await Promise.race(ids.map(launch));
      process.kill(process.pid, 'SIGKILL');
    `;
    const controller = spawn(process.execPath, ['--input-type=module', '--eval', script], { stdio: 'ignore' });
    expect(await once(controller, 'exit')).toEqual([null, 'SIGKILL']);
    const before = await tests.world.processes();
    const machines = await Promise.all(['i-1', 'i-2', 'i-3', 'i-4'].map((id) => launch(id)));
    expect(new Set(machines.map(portOf)).size).toBe(4);
    const pids = machines.map(pidOf);
    expect((await tests.world.processes()).toSorted()).toEqual(pids.toSorted());
    expect(pids).toEqual(expect.arrayContaining([...before]));
    expect(before).not.toEqual([]);
  });

  it('carries out the intent of a controller that was killed before spawning, on the port that it chose', async () => {
    const first = await launch('i-1');
    await tests.world.crash(first);
    await eventually(async () => (await tests.world.processes()).length === 0);
    await changeRecord('i-1', { process: null });
    await restart();
    expect((await tests.provider.list(signal)).machines).toMatchObject([
      { instanceId: 'i-1', state: 'pending', addresses: [] },
    ]);
    expect(await launch('i-1')).toMatchObject({ state: 'running', addresses: first.addresses, ports: first.ports });
  });

  it('takes no port that is listened on, and says NoCapacity when none is left', async () => {
    const listener = createServer().listen(0, '127.0.0.1');
    await once(listener, 'listening');
    const address = listener.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const portRange = { from: port, to: port };
    await expect(launch('i-1', { portRange })).rejects.toMatchObject({ reaction: 'NoCapacity', code: 'noPort' });
    listener.close();
    await once(listener, 'close');
    expect(await launch('i-1', { portRange })).toMatchObject({ ports: [{ port, hostPort: port }] });
    await expect(launch('i-2', { portRange })).rejects.toMatchObject({ reaction: 'NoCapacity', code: 'noPort' });
  });
});

describe('ports', () => {
  it('are not given twice, however narrow the range and however many launch at once', async () => {
    const portRange = { from: 13_000, to: 13_019 };
    const machines = await Promise.all(Array.from({ length: 16 }, (_, index) => launch(`i-${index}`, { portRange })));
    expect(new Set(machines.map(portOf)).size).toBe(16);
  });
});

describe('list', () => {
  it('does not take a process for its own that has the pid of an earlier one', async () => {
    const machine = await launch('i-1');
    const other = await launch('i-2');
    const record = JSON.parse(await readFile(join(tests.world.dataDir, 'i-2', 'machine.json'), 'utf8'));
    // As after i-1 has died and its pid was given to the process of i-2.
    await changeRecord('i-1', { process: { ...record.process, startTicks: record.process.startTicks - 1 } });
    await tests.world.crash(machine);
    await restart();
    const states = (await tests.provider.list(signal)).machines.map(({ instanceId, state }) => [instanceId, state]);
    expect(states.toSorted()).toEqual([
      ['i-1', 'stopped'],
      ['i-2', 'running'],
    ]);
    await terminated(tests.provider, 'i-1');
    expect(await tests.world.processes()).toEqual([pidOf(other)]);
  });

  it('takes nothing for its own that was recorded before the host was started again', async () => {
    const machine = await launch('i-1');
    const { process: identity } = JSON.parse(await readFile(join(tests.world.dataDir, 'i-1', 'machine.json'), 'utf8'));
    await changeRecord('i-1', { instanceId: 'i-1', process: { ...identity, bootId: 'an-earlier-boot' } });
    await restart();
    expect((await tests.provider.list(signal)).machines).toMatchObject([{ instanceId: 'i-1', state: 'stopped' }]);
    expect(await tests.world.processes()).toEqual([pidOf(machine)]);
  });

  it('finds the servers of a lost data folder, and can end them', async () => {
    const machine = await launch('i-1');
    await rm(join(tests.world.dataDir, 'i-1'), { recursive: true });
    await restart();
    const { addresses, ports } = machine;
    const [found] = (await tests.provider.list(signal)).machines;
    expect(found).toMatchObject({
      instanceId: 'i-1',
      group: 'web',
      addresses,
      ports,
      state: 'running',
      detail: machine.detail,
    });
    expect(Math.abs((found?.launchedAt ?? 0) - machine.launchedAt)).toBeLessThan(60_000);
    await terminated(tests.provider, 'i-1');
    expect(await tests.world.processes()).toEqual([]);
  });

  it('leaves the servers of a fleet of the same name alone that is run from another folder', async () => {
    await launch('i-1');
    const elsewhere = await ProcessWorld.make();
    try {
      expect((await (await elsewhere.open(tests.fleet)).list(signal)).machines).toEqual([]);
    } finally {
      await elsewhere.dispose();
    }
  });

  it('throws rather than leave out a record that it cannot understand', async () => {
    await launch('i-1');
    await writeFile(join(tests.world.dataDir, 'i-1', 'machine.json'), '{');
    await restart();
    await expect(tests.provider.list(signal)).rejects.toMatchObject({ reaction: 'Invalid', code: 'machineRecord' });
  });

  it('does not believe a record that names another folder', async () => {
    await launch('i-1');
    const path = join(tests.world.dataDir, 'i-1', 'machine.json');
    const text = await readFile(path, 'utf8');
    await writeFile(path, text.replace('"instanceId": "i-1"', '"instanceId": "../i-2"'));
    await restart();
    await expect(tests.provider.list(signal)).rejects.toMatchObject({ reaction: 'Invalid', code: 'machineRecord' });
    await writeFile(path, text);
  });

  it('rotates long logs, also of servers that it did not start', async () => {
    await launch('i-1', { command: ['sh', '-c', 'while read line; do :; done < /dev/null; sleep 600'] });
    const path = join(tests.world.dataDir, 'i-1', 'server.log');
    await appendFile(path, 'x'.repeat(10 * 1024 * 1024 + 1));
    await restart();
    await tests.provider.list(signal);
    await eventually(async () => (await stat(path)).size === 0);
    expect((await stat(`${path}.1`)).size).toBe(10 * 1024 * 1024);
  });
});

describe('terminate', () => {
  it('lets a server finish its work, then keeps its log', async () => {
    const script = "trap 'echo finished; exit 0' TERM; echo ready; while :; do sleep 0.05; done";
    await launch('i-1', { command: ['sh', '-c', script] });
    await eventually(async () => (await log('i-1')).includes('ready'));
    await terminated(tests.provider, 'i-1');
    expect(existsSync(join(tests.world.dataDir, 'i-1'))).toBe(false);
    expect(await readFile(join(tests.world.dataDir, 'ended', 'i-1.log'), 'utf8')).toMatch(/^ready\n.*finished\n$/s);
  });

  it('ends a server by force that does not stop in time', async () => {
    const script = "trap '' TERM; echo ready; sleep 600";
    await launch('i-1', { command: ['sh', '-c', script], stopTimeout: '50ms' });
    await eventually(async () => (await log('i-1')).includes('ready'));
    await terminated(tests.provider, 'i-1');
    expect(await tests.world.processes()).toEqual([]);
  });

  it('ends children with their server, also those in sessions of their own', async () => {
    const command = ['sh', '-c', 'sleep 601 & setsid sleep 602 & echo ready; wait'];
    await launch('i-1', { command, stopTimeout: '50ms' });
    await eventually(async () => (await tests.world.processes()).length === 3);
    await terminated(tests.provider, 'i-1');
    expect(await tests.world.processes()).toEqual([]);
  });

  it('ends children whose server has died, after a restart of the controller too', async () => {
    const command = ['sh', '-c', 'sleep 601 & setsid sleep 602 & wait'];
    const machine = await launch('i-1', { command, stopTimeout: '50ms' });
    await eventually(async () => (await tests.world.processes()).length === 3);
    await tests.world.crash(machine);
    await restart();
    await eventually(async () => (await tests.provider.list(signal)).machines[0]?.state === 'stopped');
    await terminated(tests.provider, 'i-1');
    expect(await tests.world.processes()).toEqual([]);
  });

  it('ends children in the session that have thrown their environment away', async () => {
    await launch('i-1', { command: ['sh', '-c', 'env -i /bin/sleep 603 & echo $!; wait'], stopTimeout: '50ms' });
    await eventually(async () => /^\d+\n$/.test(await log('i-1')));
    const child = Number(await log('i-1'));
    await eventually(async () => (await readFile(`/proc/${child}/environ`, 'utf8')) === '');
    await terminated(tests.provider, 'i-1');
    expect(await isRunning(child)).toBe(false);
  });

  it('goes on when its caller gives up, with one SIGTERM in all', async () => {
    const script = "trap 'echo term' TERM; echo ready; while :; do sleep 0.05; done";
    await launch('i-1', { command: ['sh', '-c', script], stopTimeout: '300ms' });
    await eventually(async () => (await log('i-1')).includes('ready'));
    const abort = new AbortController();
    await tests.provider.terminate('i-1', abort.signal);
    await eventually(async () => (await log('i-1')).includes('term'));
    abort.abort();
    await terminated(tests.provider, 'i-1');
    expect((await readFile(join(tests.world.dataDir, 'ended', 'i-1.log'), 'utf8')).match(/term/g)).toHaveLength(1);
  });
});

it('does not keep its caller while a server takes its time to stop, and tells when it has', async () => {
  const script = `trap 'echo asked' TERM; echo ready; while [ ! -e "$DROVER_DATA_DIR/go" ]; do sleep 0.02; done`;
  await launch('i-1', { command: ['sh', '-c', script], stopTimeout: '60s' });
  await eventually(async () => (await log('i-1')).includes('ready'));
  await tests.provider.terminate('i-1', signal);
  await eventually(async () => (await log('i-1')).includes('asked'));
  await tests.provider.terminate('i-1', signal);
  let told = 0;
  tests.provider.watch(() => {
    told += 1;
  });
  await writeFile(join(tests.world.dataDir, 'go'), '');
  await eventually(async () => told > 0 && (await tests.provider.list(signal)).machines.length === 0);
});

describe('watch', () => {
  it('tells of the exit of a server', async () => {
    const machine = await launch('i-1');
    const { promise, resolve } = Promise.withResolvers<void>();
    tests.provider.watch(resolve);
    await tests.world.crash(machine);
    await promise;
  });

  it('tells of the exit of a server that an earlier controller started', async () => {
    const machine = await launch('i-1');
    await restart();
    const { promise, resolve } = Promise.withResolvers<void>();
    tests.provider.watch(resolve);
    await tests.provider.list(signal);
    await tests.world.crash(machine);
    await promise;
  });

  it('sleeps only while somebody watches a server that was adopted', async () => {
    await launch('i-1');
    let sleepers = 0;
    const clock = {
      now: () => 0,
      steadyMs: () => 0,
      sleep: async (delayMs: number, aborted?: AbortSignal) => {
        sleepers += 1;
        await tests.world.clock.sleep(delayMs, aborted);
        sleepers -= 1;
      },
    };
    const next = new ProcessProvider({
      fleet: tests.fleet,
      settings: {},
      dataDir: tests.world.dataDir,
      clock,
      onProblem: () => undefined,
    });
    const stop = next.watch(() => undefined);
    expect(sleepers).toBe(0);
    await next.list(signal);
    // The other one looks after logs.
    await eventually(() => sleepers === 2);
    stop();
    await eventually(() => sleepers === 1);
    await next.close();
    await eventually(() => sleepers === 0);
  });
});
