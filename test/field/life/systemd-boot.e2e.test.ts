import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ApiClient } from '../../../src/api/client.ts';
import { freePorts } from '../../support/free-ports.ts';
import { processesWith } from '../../support/processes.ts';
import { requires } from '../../support/requires.ts';
import { SteadyLoad } from '../../support/steady-load.ts';
import { Systemd, whyNoSystemd } from '../../support/systemd.ts';

const ROOT = join(import.meta.dirname, '../../..');
const HELLO = join(ROOT, 'examples/hello/server.js');

let folder: string;
let fleetFile: string;
let unit: string;
let port: number;
let systemd: Systemd | null;
let client: ApiClient;
let load: SteadyLoad | null;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'drover-boot-'));
  fleetFile = join(folder, 'fleet.yaml');
  [port = 0] = await freePorts(1);
  unit = `drover-${port}.service`;
  systemd = null;
  load = null;
});
afterEach(async () => {
  await systemd?.end();
  await client?.close();
  await load?.stop();
  await rm(folder, { recursive: true });
});

const describeFleet = (maxSize: number, more = '') =>
  writeFile(
    fleetFile,
    `fleet: boot-${port}
loadBalancers: { web: { listeners: [{ port: ${port}, targetGroup: hello }] } }
targetGroups: { hello: { healthCheck: { path: /health, interval: 1s }, deregistrationDelay: 5s } }
autoScalingGroups:
  hello:
    targetGroups: [hello]
    minSize: 2
    maxSize: ${maxSize}
    launchTemplate: { provider: process, command: ${JSON.stringify([process.execPath, HELLO])} }
${more}`,
  );

/** The unit of the examples, for this checkout and the test's fleet file, and without its patience. */
async function exampleUnit(): Promise<string> {
  const text = await readFile(join(ROOT, 'examples/systemd/drover.service'), 'utf8');
  return text
    .replaceAll('/opt/drover/bin/drover', join(ROOT, 'bin/drover'))
    .replace('/etc/drover/fleet.yaml', fleetFile)
    .replace(/^RestartSec=.*/m, 'RestartSec=100ms');
}

/** Who controls, as it says itself once its servers serve: its pid where the service manager is. */
async function untilServing(booted: Systemd, but = 0): Promise<number> {
  let pid = but;
  const serving = async () => {
    const status = await client.status().catch(() => null);
    pid = status?.pid ?? but;
    return pid === but ? null : (status?.groups[0]?.inService ?? null);
  };
  await expect.poll(serving, { message: 'servers in service' }).toBe(2);
  expect(await booted.property(unit, 'MainPID')).toBe(String(pid));
  return pid;
}

/** HAProxy and the servers: all of the unit but the controller. */
async function othersOf(booted: Systemd): Promise<readonly number[]> {
  const controllers = (await processesWith(fleetFile)).map(({ pid }) => pid);
  return (await booted.processesOf(unit)).filter((pid) => !controllers.includes(pid)).toSorted((a, b) => a - b);
}

requires('haproxy')('the example unit', () => {
  it('is started, reloaded, killed, restarted and stopped without a failed request, and `drover down` ends it', async ({
    skip,
  }) => {
    const why = whyNoSystemd();
    skip(why !== null, why ?? '');
    await describeFleet(3);
    const booted = await Systemd.boot(folder, { [unit]: await exampleUnit() });
    systemd = booted;
    client = new ApiClient(booted.inside('/var/lib/drover'));
    expect(await booted.systemctl('start', unit)).toMatchObject({ code: 0 });
    const first = await untilServing(booted);
    const others = await othersOf(booted);
    expect(others).toHaveLength(4);
    load = new SteadyLoad(`http://127.0.0.1:${port}/`, 50);

    await describeFleet(4);
    expect(await booted.systemctl('reload', unit)).toMatchObject({ code: 0 });
    expect((await client.status()).groups[0]?.maxSize).toBe(4);
    await describeFleet(4, 'minSize: many');
    expect(await booted.systemctl('reload', unit)).toMatchObject({ code: 1 });
    expect((await client.status()).pid).toBe(first);
    await describeFleet(4);

    await booted.systemctl('kill', '--signal=SIGKILL', '--kill-whom=main', unit);
    const second = await untilServing(booted, first);
    expect(await othersOf(booted)).toEqual(others);
    expect(await booted.systemctl('restart', unit)).toMatchObject({ code: 0 });
    await untilServing(booted, second);
    expect(await othersOf(booted)).toEqual(others);

    expect(await booted.systemctl('stop', unit)).toMatchObject({ code: 0 });
    expect(await booted.property(unit, 'ActiveState')).toBe('inactive');
    expect(await booted.processesOf(unit)).toEqual(others);
    expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(200);
    expect(await booted.systemctl('start', unit)).toMatchObject({ code: 0 });
    await untilServing(booted);
    const { failures } = load;
    await load.stop();
    load = null;
    expect(failures).toEqual([]);

    await client.down();
    await expect.poll(() => booted.property(unit, 'MainPID')).toBe('0');
    expect(await booted.property(unit, 'ActiveState')).toBe('inactive');
    expect(await booted.processesOf(unit)).toEqual([]);
  });
});
