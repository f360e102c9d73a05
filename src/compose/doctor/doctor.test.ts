import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { env } from 'node:process';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { freePort } from '../../../test/support/free-ports.ts';
import { PortError } from '../../ports/errors.ts';
import { doctor } from './doctor.ts';
import { examineAll } from './examination.ts';

const { signal } = new AbortController();
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'drover-doctor-'));
});

afterEach(() => rm(folder, { recursive: true }));

/** Of a fleet with these providers and listener, what is said of one subject. */
async function about(title: string, more: { providers?: string; port?: number; group?: string } = {}) {
  const { providers = '{}', port = await freePort(), group = '{ provider: process, command: [sleep, "60"] }' } = more;
  const fleetFile = join(folder, 'fleet.yaml');
  const text = `fleet: shop
providers: ${providers}
loadBalancers: { web: { maxConnections: 10, listeners: [{ port: ${port}, targetGroup: web }] } }
targetGroups: { web: {} }
autoScalingGroups: { web: { targetGroups: [web], minSize: 0, maxSize: 1, launchTemplate: ${group} } }
`;
  await writeFile(fleetFile, text);
  const { subjects } = await doctor({ fleetFile, dataDir: join(folder, 'data'), signal });
  return subjects.find((subject) => subject.title === title)?.findings;
}

const exec = (script: string) => `{ type: exec, ports: assigned, command: [/bin/sh, -c, ${JSON.stringify(script)}] }`;

describe('doctor', () => {
  it('finds nothing wrong where all is well, and changes nothing', async () => {
    expect(await about('Fleet file')).toMatchObject([{ level: 'ok' }]);
    expect(await about('Ports')).toMatchObject([
      { level: 'ok', message: 'Each port is free, or listened on by this fleet already.' },
    ]);
    expect(await about('Limits')).toMatchObject([{ level: 'ok' }]);
    expect(await about('Controller')).toEqual([
      { level: 'ok', message: 'None runs in the data folder.', remedy: null },
    ]);
    expect(await about('Data folder')).toMatchObject([
      { level: 'ok', message: expect.stringContaining('is not there yet') },
    ]);
    expect(await about('Provider process')).toMatchObject([
      { level: 'ok', message: expect.stringContaining('has records of 0 servers') },
    ]);
    expect(await readdir(folder)).toEqual(['fleet.yaml']);
  });

  it('says what is wrong with the fleet file, and goes on with the host', async () => {
    const fleetFile = join(folder, 'fleet.yaml');
    await writeFile(fleetFile, 'fleet: shop\nautoScalinGroups: {}\n');
    const { subjects } = await doctor({ fleetFile, dataDir: join(folder, 'data'), signal });
    const [file] = subjects;
    expect(file?.findings.map(({ level }) => level)).toContain('error');
    expect(file?.findings.some(({ message }) => message.includes('did you mean autoScalingGroups?'))).toBe(true);
    expect(subjects.map(({ title }) => title)).toEqual(
      expect.arrayContaining(['HAProxy', 'Limits', 'Data folder', 'Clock']),
    );
  });

  it('says that there is no fleet file', async () => {
    const { subjects } = await doctor({ fleetFile: null, dataDir: join(folder, 'data'), signal });
    expect(subjects[0]?.findings).toMatchObject([
      { level: 'warning', remedy: 'Name it: `drover doctor <fleet.yaml>`.' },
    ]);
  });

  it('says who has a port', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    expect(await about('Ports', { port })).toMatchObject([
      { level: 'error', message: expect.stringContaining(`HAProxy cannot listen on 127.0.0.1:${port}`) },
    ]);
  });

  it('says that a data folder is not safe', async () => {
    await mkdir(join(folder, 'data'));
    await chmod(join(folder, 'data'), 0o777);
    expect(await about('Data folder')).toEqual([
      {
        level: 'error',
        message: `${join(folder, 'data')} is not safe to use: every user can write to ${join(folder, 'data')}.`,
        remedy: expect.stringContaining('chmod 700'),
      },
    ]);
  });

  it('says where a limit is too low for a load balancer', async () => {
    const fleetFile = join(folder, 'fleet.yaml');
    await writeFile(
      fleetFile,
      `fleet: shop
loadBalancers: { web: { maxConnections: 1000000, listeners: [{ port: ${await freePort()}, targetGroup: web }] } }
targetGroups: { web: {} }
autoScalingGroups: { web: { targetGroups: [web], minSize: 0, maxSize: 1, launchTemplate: { provider: process, command: [x] } } }
`,
    );
    const { subjects } = await doctor({ fleetFile, dataDir: join(folder, 'data'), signal });
    const limits = subjects.find(({ title }) => title === 'Limits')?.findings;
    expect(limits?.[0]?.message).toMatch(/not its maxConnections of 1000000|is unlimited/);
  });

  it('hides no provider behind one that fails, and shows no secret', async () => {
    env.DOCTOR_TEST_TOKEN = 'hunter2';
    onTestFinished(() => void delete env.DOCTOR_TEST_TOKEN);
    const failing = exec('echo "cannot reach https://me:hunter2@farm.example/v1?token=hunter2" >&2; exit 1');
    const providers = `{ good: ${exec(`printf '{"machines": []}'`)}, bad: ${failing}, gone: { type: exec, command: [/no/such/program] } }`;
    const group = '{ provider: good }';
    expect(await about('Provider good', { providers, group })).toMatchObject([
      { level: 'ok', message: '/bin/sh lists 0 machines.' },
    ]);
    const bad = await about('Provider bad', { providers, group });
    expect(bad).toMatchObject([{ level: 'error', remedy: expect.stringContaining('by hand') }]);
    expect(JSON.stringify(bad)).not.toContain('hunter2');
    expect(await about('Provider gone', { providers, group })).toMatchObject([
      { level: 'error', message: expect.stringContaining('it was not found') },
    ]);
  });
});

describe('subjects', () => {
  it('are bounded in time, each by itself', async () => {
    const subjects = await examineAll(
      [
        { title: 'hangs', run: () => new Promise(() => {}) },
        { title: 'throws', run: () => Promise.reject(new PortError('Transient', 'away', 'no route to host')) },
        { title: 'works', run: async () => [{ level: 'ok', message: 'It works.', remedy: null }] },
      ],
      50,
      signal,
    );
    expect(subjects.map(({ findings }) => findings[0]?.message)).toEqual([
      'It could not be looked into: no answer within 0.05 s.',
      'It could not be looked into: no route to host.',
      'It works.',
    ]);
  });

  it('end with the person who interrupts', async () => {
    const stop = new AbortController();
    const pending = examineAll([{ title: 'hangs', run: () => new Promise(() => {}) }], 60_000, stop.signal);
    stop.abort(new Error('interrupted'));
    await expect(pending).rejects.toThrow('interrupted');
  });
});
