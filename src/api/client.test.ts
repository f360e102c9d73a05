import { chmod, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { createServer as createHttpServer } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { apiOf } from '../../test/support/api.ts';
import { FakeFleetService } from '../../test/support/fake-service.ts';
import { ApiClient } from './client.ts';
import { listen, socketPath } from './socket.ts';

let dataDir: string;
let service: FakeFleetService;
let app: FastifyInstance;
let client: ApiClient;

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'drover-api-'));
  service = new FakeFleetService({ now: () => 1_000_000 });
  app = apiOf(service);
  client = new ApiClient(dataDir);
});

afterEach(async () => {
  await client.close();
  await app.close();
  await rm(dataDir, { recursive: true, force: true });
});

describe('listen', () => {
  it('keeps the socket private and the folder as it is', async () => {
    await chmod(dataDir, 0o755);
    const path = await listen(app, dataDir);
    expect((await stat(dataDir)).mode & 0o777).toBe(0o755);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  it('takes the place of a socket that was left', async () => {
    const left = createServer();
    await new Promise<void>((resolve) => left.listen(socketPath(dataDir), resolve));
    await listen(app, dataDir);
    expect((await client.status()).fleet).toBe('hello');
    await new Promise((resolve) => left.close(resolve));
  });

  it('leaves a file that is no socket alone', async () => {
    await writeFile(socketPath(dataDir), 'precious');
    await expect(listen(app, dataDir)).rejects.toThrow('it is not a socket');
  });

  it('says so when the path is too long for a socket', async () => {
    const deep = join(dataDir, 'x'.repeat(100));
    await expect(listen(app, deep)).rejects.toThrow(/bytes long; the system allows 107\. Choose a shorter data folder/);
    expect(() => new ApiClient(deep)).toThrow('Choose a shorter data folder');
  });
});

describe('client', () => {
  it('asks and tells everything that the API has', async () => {
    await listen(app, dataDir);
    const id = (await client.status()).groups[0]?.instances[0]?.id ?? '';
    service.configuration.changes.push({ kind: 'change', path: 'name', before: null, after: 'b', effect: 'nothing' });
    expect(await client.activities({ limit: 1 })).toHaveLength(1);
    expect((await client.plan()).groups[0]?.group).toBe('hello');
    expect(await client.setDesiredCapacity('hello', 4)).toEqual({ before: 3, after: 4 });
    expect(await client.fleetChanges()).toHaveLength(1);
    expect((await client.reloadFleet()).changes).toHaveLength(1);
    const document = { content: { fleet: 'hello' }, baseDir: '/srv' };
    expect(await client.planFleet(document)).toEqual({ madeFrom: 1, changes: [] });
    expect(await client.applyFleet(document, 1)).toEqual({ version: 2, changes: [], pending: [] });
    expect(await client.rollbackFleet(1, 2)).toMatchObject({ version: 3 });
    expect((await client.fleetVersions()).versions.map(({ number }) => number)).toEqual([3, 2, 1]);
    expect(await client.fleetVersion(2)).toMatchObject({ document, origin: { kind: 'api', caller: 'drover' } });
    expect(await client.compareFleetVersions(1, 2)).toEqual([]);
    await client.drainInstance(id, false);
    await client.terminateInstance(id, false);
    service.suspended = 'failures';
    await client.resumeLaunch('hello');
    expect((await client.explain('hello')).group).toMatchObject({ name: 'hello', desired: 4 });
    expect(await client.suspendProcesses('hello', ['launch', 'terminate'])).toEqual(['launch', 'terminate']);
    expect(await client.resumeProcesses('hello', ['launch'])).toEqual(['terminate']);
    await client.activities({ limit: 2, group: 'hello', instanceId: id, level: 'error', afterSequence: 3 });
    await client.down();
    expect(service.calls).toEqual([
      'activities {"limit":1}',
      'plan',
      'setDesiredCapacity hello 4',
      'fileChanges',
      'reload',
      'plan /srv',
      'apply 1 by drover',
      'rollback 1 2 by drover',
      'version 1',
      'versions',
      'version 2',
      'compare 1 2',
      `drainInstance ${id}`,
      `terminateInstance ${id}`,
      'resumeLaunch hello',
      'explain hello',
      'suspendProcesses hello launch,terminate',
      'resumeProcesses hello launch',
      `activities {"limit":2,"group":"hello","level":"error","instanceId":"${id}","afterSequence":3}`,
      'down',
    ]);
  });

  it('passes refusals on', async () => {
    await listen(app, dataDir);
    await expect(client.setDesiredCapacity('a/b c', 4)).rejects.toMatchObject({
      name: 'ApiError',
      code: 'notFound',
      message: 'There is no group a/b c; there is hello.',
    });
  });

  it('says how to start a controller that is not running', async () => {
    await expect(client.status()).rejects.toMatchObject({
      code: 'notRunning',
      message: expect.stringContaining(`No controller is running in ${dataDir}. Start it with \`drover run\``),
    });
  });

  it('says the same when nobody listens behind what is there', async () => {
    await writeFile(socketPath(dataDir), '');
    await expect(client.status()).rejects.toMatchObject({ code: 'notRunning' });
  });

  it('finds a controller that came back', async () => {
    await expect(client.status()).rejects.toMatchObject({ code: 'notRunning' });
    await listen(app, dataDir);
    expect((await client.status()).fleet).toBe('hello');
  });

  it('does not take an answer of another version for the truth', async () => {
    const other = createHttpServer((_request, response) => response.end('{"mode":"sideways"}'));
    await new Promise<void>((resolve) => other.listen(socketPath(dataDir), resolve));
    await expect(client.status()).rejects.toMatchObject({ code: 'notUnderstood' });
    other.closeAllConnections();
    await new Promise((resolve) => other.close(resolve));
  });

  it('stops when its signal says so', async () => {
    service.plan = () => new Promise(() => {});
    await listen(app, dataDir);
    const stop = new AbortController();
    const asked = client.plan(stop.signal);
    stop.abort(new Error('enough'));
    await expect(asked).rejects.toThrow('enough');
  });
});
