import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { env } from 'node:process';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { launchRequest } from '../../../test/support/launch-request.ts';
import { isRunning } from '../../../test/support/processes.ts';
import type { JsonObject } from '../../model/json.ts';
import type { Provider } from '../../ports/provider.ts';
import { systemClock } from '../../system/clock.ts';
import { execProvider } from './index.ts';

const { signal } = new AbortController();
let folder: string;
const opened: Provider[] = [];
const problems: string[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'drover-exec-'));
});

afterEach(async () => {
  for (const provider of opened.splice(0)) await provider.close();
  problems.length = 0;
  await rm(folder, { recursive: true });
});

const contextOf = (settings: JsonObject) => ({
  fleet: 'shop',
  dataDir: folder,
  clock: systemClock,
  onProblem: (message: string) => void problems.push(message),
  settings: execProvider.providerSettingsSchema?.(folder).parse(settings) ?? {},
});

function open(script: string, more: JsonObject = {}): Provider {
  const provider = execProvider.create(contextOf({ command: ['/bin/sh', '-c', script], ...more }));
  opened.push(provider);
  return provider;
}

const template = (settings: JsonObject) => execProvider.settingsSchema('/').parse({ settings });
const launch = (provider: Provider, settings: JsonObject = {}) =>
  provider.launch(launchRequest('i-1', { settings: template(settings) }), signal);

const MACHINE = {
  id: 'm-1',
  fleet: 'shop',
  group: 'web',
  instanceId: 'i-1',
  state: 'running',
  launchedAt: 1_795_737_600_000,
  addresses: ['10.0.0.7'],
};
const echo = (value: unknown) => `printf '%s\\n' '${JSON.stringify(value)}'`;
const listing = (...machines: object[]) => echo({ machines });

describe('what a program is given', () => {
  it('is one JSON object on its standard input, and its verb', async () => {
    const provider = open(`cat >request; echo "$0" >verb; ${echo({ machine: MACHINE })}`);
    const placement = { zone: null, instanceType: 'small' };
    const settings = template({ size: 3, nested: { list: [1, null, true] } });
    await provider.launch(launchRequest('i-1', { serves: true, placement, settings }), signal);
    expect(JSON.parse(await readFile(join(folder, 'request'), 'utf8'))).toEqual({
      protocol: 1,
      verb: 'launch',
      fleet: 'shop',
      dataDir: folder,
      instanceId: 'i-1',
      group: 'web',
      serves: true,
      launchTemplateVersion: 'v1',
      zone: null,
      instanceType: 'small',
      settings: { size: 3, nested: { list: [1, null, true] } },
    });
    expect(await readFile(join(folder, 'verb'), 'utf8')).toBe('launch\n');
  });

  it("is in its variables, too, and nothing else of Drover's but what the settings name", async () => {
    env.EXEC_TEST_TOKEN = 'hunter2';
    const environment = { SIZE: '3' };
    const secrets = { TOKEN: { variable: 'EXEC_TEST_TOKEN' } };
    const provider = open(`env >variables; ${echo({})}`, { environment, secrets });
    await provider.terminate('m-1', signal);
    const lines = (await readFile(join(folder, 'variables'), 'utf8')).split('\n');
    expect(lines).toEqual(
      expect.arrayContaining([
        'DROVER_PROTOCOL=1',
        'DROVER_FLEET=shop',
        'DROVER_MACHINE_ID=m-1',
        'SIZE=3',
        'TOKEN=hunter2',
      ]),
    );
    expect(lines.some((line) => line.startsWith('EXEC_TEST_TOKEN'))).toBe(false);
    delete env.EXEC_TEST_TOKEN;
    await expect(provider.list(signal)).rejects.toMatchObject({
      reaction: 'Unauthorized',
      message: "the variable EXEC_TEST_TOKEN cannot be used: it is not in Drover's environment",
    });
  });
});

describe('what a program answers', () => {
  it('is a machine', async () => {
    expect(await launch(open(echo({ machine: MACHINE })))).toEqual({
      id: 'm-1',
      group: 'web',
      instanceId: 'i-1',
      state: 'running',
      launchedAt: 1_795_737_600_000,
      addresses: ['10.0.0.7'],
      ports: null,
      zone: null,
      detail: '',
    });
  });

  it('may begin with a byte order mark, as text of some programs does', async () => {
    expect(await launch(open(`printf '\\357\\273\\277'; ${echo({ machine: MACHINE })}`))).toMatchObject({ id: 'm-1' });
  });

  it('is a list, with what cannot be seen', async () => {
    const said = { machines: [{ ...MACHINE, zone: 'a' }], unseenZones: { b: 'no route\nto host' } };
    const { machines, unseenZones } = await open(echo(said), { zones: ['a', 'b'] }).list(signal);
    expect(machines).toMatchObject([{ id: 'm-1', zone: 'a' }]);
    expect([...unseenZones]).toEqual([['b', 'no route to host']]);
  });

  it('has mappings of ports where they are assigned', async () => {
    const assigned = { ports: 'assigned' };
    const ports = [{ port: 80, hostPort: 20_001 }];
    expect(await launch(open(echo({ machine: { ...MACHINE, ports } }), assigned))).toMatchObject({ ports });
    expect(await launch(open(echo({ machine: MACHINE }), assigned))).toMatchObject({ ports: [] });
    await expect(launch(open(echo({ machine: { ...MACHINE, ports } })))).rejects.toThrow('has ports; leave them out');
  });

  it.each([
    ['NoCapacity', 'full', 'the rack is full', {}],
    ['RateLimited', 'slow', 'too many', { retryAfterMs: 30_000 }],
    ['NotFound', 'exec', 'gone', {}],
  ])('is an error with the reaction %s, whatever its exit code', async (reaction, code, message, more) => {
    const error = { reaction, message, ...(code === 'exec' ? {} : { code }), ...more };
    for (const exit of ['0', '3']) {
      await expect(launch(open(`${echo({ error })}; exit ${exit}`))).rejects.toMatchObject({
        reaction,
        code,
        message: `/bin/sh launch says: ${message}`,
        retryAfterMs: null,
        ...more,
      });
    }
  });

  it.each([
    ['true', 'reply', 'prints nothing, where one JSON object is its answer'],
    [
      'echo "no such profile" >&2',
      'reply',
      'prints nothing, where one JSON object is its answer; its standard error ends with: no such profile',
    ],
    [`echo "[+] creating vm"; ${echo({ machine: MACHINE })}`, 'reply', 'prints "[+] creating vm\\n{'],
    [`${echo({})}; ${echo({})}`, 'reply', 'prints "{}\\n{}", which is not one JSON object'],
    ['printf "\\033[0m{}"', 'reply', 'prints "\\u001b[0m{}", which is not one JSON object'],
    ['echo []', 'reply', 'it must be a mapping of keys to values'],
    ['echo null', 'reply', 'does not allow'],
    [`${echo({ machine: MACHINE })}; exit 1`, 'failed', 'exits with 1'],
    ['echo "quota exceeded" >&2; exit 2', 'failed', 'exits with 2: quota exceeded'],
    ['kill -9 $$', 'failed', 'was ended by SIGKILL'],
    [echo({ error: 'quota' }), 'reply', 'error: it must be a mapping'],
    [
      echo({ error: { reaction: 'Full', message: 'x' } }),
      'reply',
      'error.reaction: it must be one of NotFound, NoCapacity',
    ],
    [
      echo({ machine: { ...MACHINE, adresses: [] } }),
      'reply',
      'machine.adresses: unknown key; did you mean addresses?',
    ],
    [
      echo({ machine: { ...MACHINE, addresses: ['web-1.local'] } }),
      'reply',
      'machine.addresses[0]: it must be an IP address',
    ],
    [echo({ machine: { ...MACHINE, launchedAt: '2026-01-01' } }), 'reply', 'machine.launchedAt: it must be a number'],
    [
      echo({ machine: { ...MACHINE, launchedAt: 1_795_737_600 } }),
      'reply',
      'machine.launchedAt: it must be milliseconds since 1970, not seconds',
    ],
    [
      echo({ machine: { ...MACHINE, launchedAt: 1_795_737_600_000.25 } }),
      'reply',
      'machine.launchedAt: it must be a whole number',
    ],
    [echo({ machine: { ...MACHINE, fleet: undefined } }), 'reply', 'machine.fleet: it is missing'],
    [
      echo({ machine: { ...MACHINE, instanceId: 'i-2' } }),
      'reply',
      'of the instanceId i-2, and was asked for one of i-1',
    ],
    [echo({ machine: { ...MACHINE, group: 'api' } }), 'reply', 'of the group api, and was asked for one of web'],
    [
      echo({ machine: { ...MACHINE, fleet: 'other' } }),
      'reply',
      'is of the fleet "other"; answer with machines of shop only',
    ],
    [echo({ machine: { ...MACHINE, zone: 'a' } }), 'reply', 'is in the zone "a"; the provider has none'],
  ])('is Transient, and says what was printed, for: %s', async (script, code, says) => {
    const said = await launch(open(script)).catch((error: unknown) => error);
    expect(said).toMatchObject({ reaction: 'Transient', code });
    expect(said).toMatchObject({ message: expect.stringContaining(says) });
  });

  it('is no list where one machine lacks a tag, or is there twice', async () => {
    const list = (script: string, more: JsonObject = {}) => open(script, more).list(signal);
    await expect(list(listing(MACHINE, { ...MACHINE, id: 'm-2', instanceId: undefined }))).rejects.toThrow(
      'machines[1].instanceId: it is missing',
    );
    await expect(list(listing(MACHINE, { ...MACHINE, fleet: 'other' }))).rejects.toThrow(
      'machines[1] ("m-1") is of the fleet',
    );
    await expect(list(listing(MACHINE, MACHINE))).rejects.toThrow('two machines have the id "m-1"');
    await expect(list(listing(MACHINE, { ...MACHINE, id: 'm-2' }))).rejects.toThrow(
      'two machines have the instanceId "i-1"',
    );
    const zones = ['a', 'b'];
    const unseenZones = { a: 'down' };
    await expect(list(listing(MACHINE), { zones })).rejects.toThrow('is in the zone null; its zones are a, b');
    await expect(list(echo({ machines: [{ ...MACHINE, zone: 'a' }], unseenZones }), { zones })).rejects.toThrow(
      '"m-1" is listed in a, which unseenZones says is not seen',
    );
    await expect(list(echo({ machines: [], unseenZones: { c: 'down' } }), { zones })).rejects.toThrow(
      'unseenZones names "c"',
    );
  });

  it('is bounded', async () => {
    await expect(open('yes').list(signal)).rejects.toMatchObject({ reaction: 'Transient', code: 'tooMuchOutput' });
  });
});

it('is not held up by a server in the background that has its output open', async () => {
  const provider = open(`setsid sleep 600 & echo $! >pid; ${echo({ machine: MACHINE })}`);
  expect(await launch(provider)).toMatchObject({ id: 'm-1' });
  process.kill(Number(await readFile(join(folder, 'pid'), 'utf8')));
});

it('says of a script whose first line names no program that it is this program that is missing', async () => {
  await writeFile(join(folder, 'script'), '#!/bin/sh\r\necho {}\r\n', { mode: 0o700 });
  const provider = execProvider.create(contextOf({ command: ['./script'] }));
  await expect(launch(provider)).rejects.toMatchObject({
    reaction: 'Invalid',
    message:
      './script launch cannot be run: the program that its first line names was not found; correct that line (and its line breaks), or install it',
  });
});

it.each([
  [['/no/such/program'], 'notFound'],
  [['./script'], 'notExecutable'],
])('is Invalid for %j, which can never work', async (command, code) => {
  await writeFile(join(folder, 'script'), '#!/bin/sh\n');
  await chmod(join(folder, 'script'), 0o600);
  const provider = execProvider.create(contextOf({ command }));
  await expect(launch(provider)).rejects.toMatchObject({ reaction: 'Invalid', code });
});

it('kills what a call has started when it is called off, and starts nothing for one that waits', async () => {
  const provider = open('echo $$ >>pids; sleep 600');
  const stop = new AbortController();
  const calls = [1, 2].map(() => provider.launch(launchRequest('i-1', { settings: template({}) }), stop.signal));
  const outcomes = Promise.allSettled(calls);
  const pids = () => readFile(join(folder, 'pids'), 'utf8').catch(() => '');
  await expect.poll(pids).toMatch(/^\d+\n$/);
  stop.abort();
  expect((await outcomes).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  const [pid = ''] = (await pids()).split('\n');
  await expect.poll(() => isRunning(Number(pid))).toBe(false);
  expect(await pids()).toBe(`${pid}\n`);
});

describe('a watch', () => {
  it('calls back for each line, and is started again when it has ended', async () => {
    const provider = open('echo $$ >>pids; echo changed; [ "$(wc -l <pids)" -gt 1 ] && exec sleep 600', {
      watch: true,
    });
    let calls = 0;
    const stop = provider.watch(() => {
      calls += 1;
    });
    await expect.poll(() => calls).toBe(2);
    expect(problems).toEqual(['/bin/sh watch exits with 1; it is started again']);
    const pids = (await readFile(join(folder, 'pids'), 'utf8')).trim().split('\n').map(Number);
    stop();
    for (const pid of pids) await expect.poll(() => isRunning(pid)).toBe(false);
  });

  it('is not asked for where the settings do not say that the program can', async () => {
    const provider = open('touch asked');
    provider.watch(() => expect.fail('it is not watched'))();
    await provider.close();
    await expect(readFile(join(folder, 'asked'))).rejects.toThrow('ENOENT');
  });
});

describe('diagnose', () => {
  const diagnose = (script: string, more: JsonObject = {}) =>
    execProvider.diagnose?.(contextOf({ command: ['/bin/sh', '-c', script], ...more }), signal);

  it('says what a list has', async () => {
    expect(await diagnose(listing(MACHINE))).toEqual([
      { level: 'ok', message: '/bin/sh lists 1 machine.', remedy: null },
    ]);
    const findings = await diagnose(echo({ machines: [], unseenZones: { b: 'no route' } }), { zones: ['b'] });
    expect(findings).toMatchObject([
      { level: 'ok' },
      { level: 'warning', message: 'Its zone b cannot be seen: no route.' },
    ]);
    expect(await diagnose('echo no token >&2; exit 1')).toMatchObject([
      { level: 'error', message: '/bin/sh list exits with 1: no token' },
    ]);
  });
});

describe('settings', () => {
  const problemOf = (settings: JsonObject) =>
    execProvider.providerSettingsSchema?.(folder).safeParse(settings).error?.issues[0]?.message;

  it.each([
    [{}, 'expected array'],
    [{ command: [] }, '>=1 items'],
    [{ command: ['x'], environment: { DROVER_FLEET: 'y' } }, 'DROVER_* are set by Drover; remove it'],
    [{ command: ['x'], zones: ['a', 'a'] }, 'a zone is there twice'],
    [{ command: ['x'], secrets: { TOKEN: {} } }, 'name a file or a variable that holds it'],
  ])('%j is refused', (settings, message) => {
    const problem = problemOf(settings);
    expect(problem === 'Invalid key in record' || problem?.includes(message)).toBe(true);
  });

  it('of a launch template are free, below one key', () => {
    const schema = execProvider.settingsSchema('/');
    expect(schema.parse({})).toEqual({ settings: {} });
    expect(schema.safeParse({ command: ['x'] }).success).toBe(false);
    expect(schema.safeParse({ settings: { text: 'x'.repeat(20_000) } }).error?.issues[0]?.message).toContain(
      'at most 16384',
    );
  });

  it('of an instance may change where the same program lists the same machines', () => {
    const parse = (settings: JsonObject) => execProvider.providerSettingsSchema?.('/').parse(settings) ?? {};
    const keeps = (before: JsonObject, after: JsonObject) =>
      execProvider.keepsMachines?.(parse({ command: ['x'], ...before }), parse({ command: ['x'], ...after }));
    expect(keeps({}, { listInterval: '1m', concurrency: 9 })).toBe(true);
    expect(keeps({ zones: ['a'] }, { zones: ['b', 'a'] })).toBe(true);
    expect(keeps({ zones: ['a'] }, { zones: ['b'] })).toBe(false);
    expect(keeps({}, { zones: ['a'] })).toBe(false);
    expect(keeps({}, { command: ['y'] })).toBe(false);
  });
});

describe('logs', () => {
  const all = async (lines: AsyncIterable<string> | undefined) => {
    const read: string[] = [];
    for await (const line of lines ?? expect.fail('it gives no logs')) read.push(line);
    return read;
  };

  it('are there only where the settings say that the program has them', () => {
    expect(open('exit 0').logs).toBeUndefined();
    expect(open('exit 0', { logs: true }).logs).toBeDefined();
  });

  it('are what the program prints; it is told of which machine, how many, and whether to go on', async () => {
    const provider = open('cat >request; echo one; printf two', { logs: true });
    expect(await all(provider.logs?.('m-1', { lines: 7, follow: false }, signal))).toEqual(['one', 'two']);
    const request = JSON.parse(await readFile(join(folder, 'request'), 'utf8'));
    expect(request).toMatchObject({ verb: 'logs', machineId: 'm-1', lines: 7, follow: false });
  });

  it('fail with what the program complains about', async () => {
    const provider = open('echo one; echo "no such machine" >&2; exit 3', { logs: true });
    await expect(all(provider.logs?.('m-1', { lines: 7, follow: false }, signal))).rejects.toMatchObject({
      reaction: 'Transient',
      message: expect.stringContaining('no such machine'),
    });
  });

  it('end the program when nobody reads any more', async () => {
    const provider = open('echo $$; while sleep 0.05; do echo more; done', { logs: true });
    let pid = 0;
    for await (const line of provider.logs?.('m-1', { lines: 7, follow: true }, signal) ?? []) {
      pid = pid === 0 ? Number(line) : pid;
      if (line === 'more') break;
    }
    await expect.poll(() => isRunning(pid)).toBe(false);
  });
});
