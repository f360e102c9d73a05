import { chmod, readFile, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { launchRequest } from '../../support/launch-request.ts';
import { processTests, settings, terminated } from '../../support/process-world.ts';

const tests = processTests('users');
const { signal } = tests;

const request = (user: string, script = 'sleep 600', command = ['sh', '-c', script]) =>
  launchRequest('i-1', { settings: settings({ command, workingDirectory: '/', user, stopTimeout: '100ms' }) });

describe.skipIf(process.geteuid?.() !== 0)('a Drover that runs as root', () => {
  const ASK =
    'id -u; id -G; echo $HOME $USER; cat "$DROVER_DATA_DIR/i-1/machine.json" 2>&1 | tail -1; setsid sleep 601 & echo ready; wait';

  it('runs servers as the user that is asked for, finds and ends all of them', async () => {
    await chmod(tests.world.dataDir, 0o700);
    await tests.provider.launch(request('nobody', ASK), signal);
    const path = join(tests.world.dataDir, 'i-1', 'machine.json');
    const log = () => readFile(join(tests.world.dataDir, 'i-1', 'server.log'), 'utf8');
    await expect.poll(log).toContain('ready');
    const [userId, , who, denied] = (await log()).split('\n');
    expect([userId, who]).toEqual(['65534', '/nonexistent nobody']);
    expect(denied).toContain('Permission denied');
    // As a controller leaves it that was killed before it had recorded the pid.
    await writeFile(path, JSON.stringify({ ...JSON.parse(await readFile(path, 'utf8')), process: null }));
    await tests.provider.close();
    tests.provider = await tests.world.open(tests.fleet);
    expect((await tests.provider.list(signal)).machines).toMatchObject([{ instanceId: 'i-1', state: 'running' }]);
    await terminated(tests.provider, 'i-1');
    expect(await tests.world.processes()).toEqual([]);
  });

  it('leaves a server no way back to its own rights', async () => {
    // Not by way of a shell, which would give them up itself.
    await tests.provider.launch(request('nobody', '', ['cat', '/proc/self/status']), signal);
    const log = () => readFile(join(tests.world.dataDir, 'i-1', 'server.log'), 'utf8');
    await expect.poll(log).toMatch(/^Uid:(\t65534){4}$/m);
    expect(await log()).toMatch(/^NoNewPrivs:\t1$/m);
  });

  it('says that a user does not exist', async () => {
    const launched = tests.provider.launch(request('drover-no-such-user'), signal);
    await expect(launched).rejects.toMatchObject({ reaction: 'Invalid', code: 'noUser' });
    expect((await tests.provider.list(signal)).machines).toEqual([]);
  });
});

it.skipIf(process.geteuid?.() === 0)('says that it takes root to run servers as another user', async () => {
  const launched = tests.provider.launch(request(userInfo().username), signal);
  await expect(launched).rejects.toMatchObject({ reaction: 'Invalid', code: 'notRoot' });
});
