import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { RealFleet } from '../../support/fleet.ts';
import { haproxyServers } from '../../support/haproxy-view.ts';

/** Boots until it is told that it may go on, which the first server is not. */
const SLOW = `
  const { existsSync } = require('fs');
  const wait = setInterval(() => {
    if (!existsSync('booted')) return;
    clearInterval(wait);
    require('http').createServer((_, answer) => answer.end('the server')).listen(process.env.PORT, process.env.HOST);
  }, 20);`;

/** Answers everybody, and says what it was asked. */
const OTHER_PROGRAM = `
  require('http').createServer(({ url }, answer) => { console.log(url); answer.end('another program'); })
    .listen(process.argv[1], '127.0.0.1', () => console.log('listens'));`;

it('makes no member of a server that boots while another program has its port', async () => {
  const fleet = await RealFleet.create({
    desiredCapacity: 1,
    command: [process.execPath, '-e', SLOW],
    healthCheckGracePeriod: '60s',
  });
  onTestFinished(() => fleet.end());
  const text = await readFile(fleet.fleetFile, 'utf8');
  await writeFile(fleet.fleetFile, text.replace('downInterval: 100ms', 'downInterval: 1s'));
  await fleet.start();
  const portOf = async () => / port (\d+) yet$/.exec((await fleet.instances())[0]?.machineDetail ?? '')?.[1];
  await expect.poll(portOf).toBeDefined();
  const port = (await portOf()) ?? '';
  const [first] = await fleet.instances();
  const other = spawn(process.execPath, ['-e', OTHER_PROGRAM, port], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void other.kill('SIGKILL'));
  let asked = '';
  other.stdout.on('data', (chunk: Buffer) => {
    asked += chunk.toString();
  });
  await once(other.stdout, 'data');
  const answers = new Set<string>();
  const members = new Set<string>();
  const lookAtMembers = async () => {
    for (const { name, endpoint } of await haproxyServers(fleet.haproxyFolder)) members.add(`${name} ${endpoint}`);
  };
  const isStopped = async () => {
    answers.add(await fetch(`${fleet.url}/client`).then((answer) => answer.text(), String));
    await lookAtMembers();
    return (await fleet.activities()).some(({ reason }) => reason === 'machineStopped');
  };
  await fleet.until('the first server is taken out', isStopped);
  await writeFile(join(fleet.folder, 'booted'), '');
  await fleet.until('the next server answers', async () => {
    answers.add(await fetch(`${fleet.url}/client`).then((answer) => answer.text(), String));
    await lookAtMembers();
    return answers.has('the server');
  });
  // Not even a health check.
  expect(asked).toBe('listens\n');
  expect([...members].filter((member) => member.includes(first?.id ?? '') || member.endsWith(`:${port}`))).toEqual([]);
  expect([...answers]).not.toContain('another program');
  const stopped = (await fleet.activities()).find(({ reason }) => reason === 'machineStopped');
  expect(stopped?.message).toContain(`(pid ${other.pid}), which is none of its processes`);
  expect(
    (await fleet.activities()).some(({ reason, instanceId }) => reason === 'inService' && instanceId === first?.id),
  ).toBe(false);
});
