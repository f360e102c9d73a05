import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fakeActions } from '../../test/support/fake-actions.ts';
import { FakeFleetService } from '../../test/support/fake-service.ts';
import { fakeTerminal } from '../../test/support/fake-terminal.ts';
import { freePort } from '../../test/support/free-ports.ts';
import { checkFleet, fleetWarnings, loadFleet } from '../compose/fleet-file.ts';
import { portProblem, starters } from '../compose/init.ts';
import { EXIT } from './exit-codes.ts';
import { runCli } from './program.ts';

let cwd: string;

beforeEach(async () => {
  cwd = join(await mkdtemp(join(tmpdir(), 'drover-init-')), 'My Shop_2');
  await mkdir(cwd);
});
afterEach(() => rm(join(cwd, '..'), { recursive: true, force: true }));

async function init(...args: readonly string[]) {
  const terminal = fakeTerminal({ cwd });
  const actions = { checkFleet, starters, portProblem, warnings: fleetWarnings };
  const service = () => new FakeFleetService({ now: () => 0 });
  const exitCode = await runCli(['init', ...args], fakeActions(service, actions), terminal);
  return { exitCode, out: terminal.out(), err: terminal.err() };
}

async function written(file = 'fleet.yaml') {
  const path = join(cwd, file);
  const loaded = await loadFleet(path);
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.errors));
  expect(await fleetWarnings(loaded)).toEqual([]);
  return { fleet: loaded.fleet, text: await readFile(path, 'utf8') };
}

const settings = async () => (await written()).fleet.autoScalingGroups[0]?.launchTemplate.settings;

describe('drover init', () => {
  it.each([
    ['process', ['--command', 'node server.js']],
    ['docker', ['--image', 'registry.example:5000/shop/web:3', '--server-port', '8080']],
    ['docker', ['--image', 'nginx', '--engine', 'ssh://drover@10.0.0.11']],
    ['static', ['--hosts', '192.0.2.1, 192.0.2.2 fd00::1', '--service', 'shop']],
    ['hetzner', []],
    ['aws', []],
    ['azure', []],
    ['exec', []],
    ['incus', []],
    ['libvirt', []],
    ['vagrant', []],
  ])('%s %j: the file is valid without a warning, and says what to do', async (provider, args) => {
    const { exitCode, out, err } = await init('--provider', provider, ...args);
    expect({ exitCode, err }).toEqual({ exitCode: EXIT.ok, err: '' });
    const { fleet, text } = await written();
    expect(fleet.name).toBe('my-shop-2');
    expect(out).toContain('drover run ');
    expect(out.includes('PLACEHOLDER')).toBe(text.includes('PLACEHOLDER'));
    expect(text.includes('# Before it runs:')).toBe(out.includes('Before it runs'));
    expect(text.split('\n').filter((line) => line !== line.trimEnd())).toEqual([]);
  });

  it('every type of ours says how it begins', async () => {
    const { providerTypes } = await import('../providers/registry.ts');
    expect([...providerTypes.keys()].filter((name) => providerTypes.get(name)?.starter === undefined)).toEqual([]);
  });

  it('finds the start script of a package, and keeps npm out of the way where it can', async () => {
    await writeFile(join(cwd, 'package.json'), JSON.stringify({ scripts: { start: 'node server.js --quiet' } }));
    await init();
    expect(await settings()).toMatchObject({ command: ['node', 'server.js', '--quiet'] });
  });

  it.each([
    ['{ "scripts": { "start": "next start" } }', ['npm', 'start']],
    ['{ "scripts": { "start": "node a.js && node b.js" } }', ['npm', 'start']],
  ])('a start script %s', async (text, command) => {
    await writeFile(join(cwd, 'package.json'), text);
    await init();
    expect(await settings()).toMatchObject({ command });
  });

  it('a Procfile that needs a shell gets one, which the server takes the place of', async () => {
    await writeFile(join(cwd, 'package.json'), 'no JSON');
    await writeFile(join(cwd, 'Procfile'), 'worker: node w.js\nweb: node server.js --port $PORT\n');
    await init();
    expect(await settings()).toMatchObject({ command: ['sh', '-c', 'exec node server.js --port $PORT'] });
  });

  it.each([
    [`node "a b.js" 'c: #d' yes 1.0`, ['node', 'a b.js', 'c: #d', 'yes', '1.0']],
    ['node --eval {}', ['sh', '-c', 'exec node --eval {}']],
    ['node a | cat', ['sh', '-c', 'node a | cat']],
    ['node "é"', ['node', 'é']],
    ['node -- --x=[1,2]', ['node', '--', '--x=[1,2]']],
  ])('%s is read back from YAML as it was typed', async (typed, command) => {
    await init('--command', typed);
    expect(await settings()).toMatchObject({ command });
  });

  it('never overwrites', async () => {
    await writeFile(join(cwd, 'fleet.yaml'), 'mine');
    const { exitCode, err } = await init('--command', 'node');
    expect([exitCode, err]).toEqual([
      EXIT.refused,
      expect.stringContaining('is there already, and is not overwritten'),
    ]);
    expect(await readFile(join(cwd, 'fleet.yaml'), 'utf8')).toBe('mine');
    expect((await init('other.yaml', '--command', 'node')).out).toContain('drover run other.yaml');
    expect((await init('nowhere/fleet.yaml', '--command', 'node')).err).toContain('There is no folder');
  });

  it.each([
    [[], '--command is missing, and nobody can be asked'],
    [['--command', 'no-such-program'], 'no-such-program was not found in PATH'],
    [['--command', 'node', '--port', '70000'], 'a number from 1 to 65535'],
    [['--command', 'node', '--port', '80 # x'], 'a number from 1 to 65535'],
    [['--command', 'node', '--port', '20005'], 'choose other ports'],
    [['--command', 'node', '--servers', 'many'], 'whole number'],
    [['--command', 'node', '--servers', '99999'], 'at most 5000'],
    [['--command', 'node', '--name', 'a b'], 'a name has 1 to 32'],
    [['--command', 'node', '--health-path', 'up'], 'must start with /'],
    [['--command', 'node\nfleet: other'], 'one line'],
    [['--command', '  '], 'it is empty'],
    [['--image', 'nginx'], '--image says nothing about process servers; they have --command'],
    [['--provider', 'dokcer'], 'did you mean docker?'],
    [['--provider', 'docker', '--image', 'a b'], 'it is an image such as'],
    [['--provider', 'docker', '--image', 'a', '--engine', 'ftp://x'], 'engine'],
    [['--provider', 'static', '--hosts', 'example.org'], 'must be an IP address'],
    [['--provider', 'static', '--hosts', '192.0.2.1', '--servers', '2'], 'maxSize'],
  ])('%j is refused, and nothing is written', async (args, why) => {
    const { exitCode, err, out } = await init(...args);
    expect({ exitCode, out }).toEqual({ exitCode: EXIT.usage, out: '' });
    expect(err).toContain(why);
    await expect(readFile(join(cwd, 'fleet.yaml'))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('refuses a port that somebody listens on', async () => {
    const port = await freePort();
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    try {
      const { exitCode, err } = await init('--command', 'node', '--port', String(port));
      expect([exitCode, err]).toEqual([
        EXIT.usage,
        expect.stringContaining(`HAProxy cannot listen on 127.0.0.1:${port}`),
      ]);
    } finally {
      server.close();
    }
  });

  it('says what is wrong with a sentence, and how to go on, as a program of its own', async () => {
    const drover = join(import.meta.dirname, '../../bin/drover');
    const { stdout } = await promisify(execFile)(drover, ['init', '--yes', '--provider', 'hetzner'], { cwd });
    expect(stdout).toContain('with 2 servers: servers at Hetzner Cloud, behind http://127.0.0.1:');
  });
});
