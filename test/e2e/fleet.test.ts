import { writeFile } from 'node:fs/promises';
import { afterEach, expect, it } from 'vitest';
import { RealFleet } from '../support/fleet.ts';
import { Load } from '../support/load.ts';
import { isRunning } from '../support/processes.ts';
import { requires } from '../support/requires.ts';

requires('haproxy')('a fleet on the process provider, behind a real HAProxy', () => {
  let fleet: RealFleet | undefined;
  const begin = async (...wishes: Parameters<typeof RealFleet.create>) => {
    fleet = await RealFleet.create(...wishes);
    await fleet.start();
    return fleet;
  };

  afterEach(async () => {
    await fleet?.end();
    fleet = undefined;
  });

  it('spreads requests over three servers, and shows HAProxy’s statistics with CSV export', async () => {
    const fleet = await begin();
    await fleet.settle(3);
    const answers = new Map<string, number>();
    for (let count = 0; count < 30; count += 1) {
      const answer = await (await fetch(fleet.url)).text();
      answers.set(answer, (answers.get(answer) ?? 0) + 1);
    }
    expect([...answers.values()]).toEqual([10, 10, 10]);
    expect([...answers.keys()].every((answer) => answer.startsWith('Hello from i-'))).toBe(true);
    expect(await (await fetch(`http://127.0.0.1:${fleet.statsPort}/`)).text()).toContain(
      'Statistics Report for HAProxy',
    );
    expect(await (await fetch(`http://127.0.0.1:${fleet.statsPort}/;csv`)).text()).toMatch(/^# pxname,svname,/);
  });

  it('replaces a killed server with a new one, and no client notices', async () => {
    const fleet = await begin();
    const before = await fleet.settle(3);
    const victim = before[0];
    if (victim === undefined) throw new Error('three are in service');
    const load = new Load(fleet.url);
    await fleet.until('the load is under way', async () => load.requests > 200);
    process.kill(await fleet.pidOf(victim.id), 'SIGKILL');
    await fleet.until(
      'the killed server is gone',
      async () => !(await fleet.instances()).some(({ id }) => id === victim.id),
    );
    const after = await fleet.settle(3);
    const { failures, requests } = await load.stop();
    expect(failures).toEqual([]);
    expect(requests).toBeGreaterThan(200);
    const fresh = after.filter(({ id }) => !before.some((old) => old.id === id));
    expect(fresh).toHaveLength(1);
    expect(before.map(({ endpoint }) => endpoint)).not.toContain(fresh[0]?.endpoint);
    const reasons = (await fleet.activities())
      .filter(({ instanceId }) => instanceId === victim.id)
      .map(({ reason }) => reason);
    expect(reasons).toEqual(expect.arrayContaining(['machineStopped', 'terminated']));
  });

  it('follows the desired capacity file up and down, and drains without dropping what is open', async () => {
    const fleet = await begin();
    await fleet.settle(3);
    const load = new Load(fleet.url);
    await writeFile(fleet.desiredFile, '6\n');
    await fleet.settle(6);
    // One slow request to each server is open when four of them are drained.
    const slow = Array.from({ length: 6 }, () => fetch(`${fleet.url}/slow?ms=3000`));
    await fleet.until('all six have one', async () =>
      (await fleet.inService()).every(({ targets }) => (targets[0]?.openRequests ?? 0) > 0),
    );
    await writeFile(fleet.desiredFile, '2\n');
    await fleet.until(
      'four are draining',
      async () => (await fleet.instances()).filter(({ state }) => state === 'draining').length === 4,
    );
    const leaving = (await fleet.instances()).filter(({ state }) => state === 'draining').map(({ id }) => id);
    expect((await Promise.all(slow)).map(({ status }) => status)).toEqual([200, 200, 200, 200, 200, 200]);
    await fleet.settle(2);
    const { failures } = await load.stop();
    expect(failures).toEqual([]);
    const drained = (await fleet.activities())
      .filter(({ reason }) => reason === 'drained')
      .map(({ instanceId }) => instanceId);
    expect(drained.toSorted()).toEqual(leaving.toSorted());
  });

  it('refuses a desired capacity file that it cannot use, says why, and keeps the last good size', async () => {
    const fleet = await begin({ maxSize: 5 });
    await fleet.untilActivity('desiredCapacityRefused');
    await fleet.settle(3);
    let last = 0;
    for (const [text, why] of [
      ['4\n', null],
      ['six\n', /six/],
      ['', /empty/],
      ['99\n', /99, which is outside of the group's 1 to 5/],
      ['2.5\n', /not a whole number/],
    ] as const) {
      await writeFile(fleet.desiredFile, text);
      const activity = await fleet.untilActivity(
        why === null ? 'desiredCapacityChanged' : 'desiredCapacityRefused',
        last,
      );
      if (why !== null) expect(activity.message).toMatch(why);
      last = (await fleet.activities()).at(-1)?.sequence ?? 0;
    }
    await fleet.settle(4);
  });

  it('killed in the middle of a scale-out, it finishes it and launches nothing twice', async () => {
    const fleet = await begin({ desiredCapacity: 2 });
    await fleet.settle(2);
    await fleet.client.setDesiredCapacity('hello', 8);
    await fleet.untilActivity('launched', (await fleet.untilActivity('desiredCapacityChanged')).sequence);
    await fleet.killController();
    for (let count = 0; count < 20; count += 1) expect((await fetch(fleet.url)).status).toBe(200);
    await fleet.start();
    await fleet.settle(8);
    const launches = (await fleet.activities()).filter(({ reason }) => reason === 'launch');
    expect(new Set(launches.map(({ instanceId }) => instanceId)).size).toBe(8);
    expect((await fleet.activities()).map(({ reason }) => reason)).not.toContain('adopted');
  });

  it('killed in the middle of a drain, it finishes that too', async () => {
    const fleet = await begin({ desiredCapacity: 4 });
    await fleet.settle(4);
    const slow = Array.from({ length: 4 }, () => fetch(`${fleet.url}/slow?ms=4000`));
    await fleet.until('all have one', async () =>
      (await fleet.inService()).every(({ targets }) => (targets[0]?.openRequests ?? 0) > 0),
    );
    await fleet.client.setDesiredCapacity('hello', 1);
    await fleet.until('three are draining at HAProxy', async () => {
      const targets = (await fleet.instances()).flatMap(({ targets }) => targets);
      return targets.filter(({ health }) => health === 'draining').length === 3;
    });
    await fleet.killController();
    const answers = new Set<string>();
    for (let count = 0; count < 20; count += 1) answers.add(await (await fetch(fleet.url)).text());
    expect(answers.size).toBe(1);
    await fleet.start();
    expect((await Promise.all(slow)).map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    await fleet.settle(1);
  });

  it('brings a killed HAProxy back with the same members in the same states', async () => {
    const fleet = await begin({ desiredCapacity: 3, deregistrationDelay: '30s' });
    const before = await fleet.settle(3);
    const slow = Array.from({ length: 3 }, () => fetch(`${fleet.url}/slow?ms=8000`).catch(() => null));
    await fleet.until('all have one', async () =>
      (await fleet.inService()).every(({ targets }) => (targets[0]?.openRequests ?? 0) > 0),
    );
    await fleet.client.setDesiredCapacity('hello', 2);
    await fleet.until('one is draining at HAProxy', async () =>
      (await fleet.instances()).some(({ targets }) => targets[0]?.health === 'draining'),
    );
    const draining = (await fleet.instances()).find(({ state }) => state === 'draining');
    const pid = await fleet.haproxyPid();
    const started = (await fleet.untilActivity('loadBalancerStarted')).sequence;
    process.kill(pid, 'SIGKILL');
    await fleet.untilActivity('loadBalancerStarted', started);
    await fleet.until('another one answers', async () => {
      const another = await fleet.haproxyPid().catch(() => pid);
      return (
        another !== pid &&
        (await fetch(fleet.url)
          .then(({ ok }) => ok)
          .catch(() => false))
      );
    });
    const answers = new Set<string>();
    for (let count = 0; count < 20; count += 1) {
      const response = await fetch(fleet.url);
      expect(response.status).toBe(200);
      answers.add((await response.text()).trim());
    }
    expect(answers.size).toBe(2);
    expect(answers).not.toContain(`Hello from ${draining?.id}`);
    const after = await fleet.settle(2);
    expect(before.map(({ id }) => id)).toEqual(expect.arrayContaining(after.map(({ id }) => id)));
    await Promise.all(slow);
  });

  it('ends a server that never becomes healthy, retries with backoff, and then suspends launching until its template is changed', async () => {
    const fleet = await begin({
      desiredCapacity: 1,
      command: [
        process.execPath,
        '-e',
        `require('http').createServer((q, s) => { s.statusCode = 503; s.end(); }).listen(process.env.PORT, '127.0.0.1')`,
      ],
      healthCheckGracePeriod: '1s',
      group: 'launchRetry: { initialBackoff: 200ms, maxBackoff: 400ms, suspendAfter: 3 }',
    });
    await fleet.untilActivity('launchSuspended');
    const activities = await fleet.activities();
    expect(activities.filter(({ reason }) => reason === 'neverHealthy')).toHaveLength(3);
    expect(activities.filter(({ reason }) => reason === 'inService')).toHaveLength(0);
    expect((await fetch(fleet.url)).status).toBe(503);
    await fleet.until('all of them are gone', async () => (await fleet.instances()).length === 0);
    const { groups } = await fleet.status();
    expect(groups[0]?.launchSuspended).toMatch(/grace period/);
    expect(groups[0]?.holds.map(({ code }) => code)).toContain('launchSuspended');
    await fleet.describe({ desiredCapacity: 1 });
    await fleet.client.reloadFleet();
    await fleet.settle(1);
  });

  it('leaves nothing behind when it goes down', async () => {
    const begun = await begin({ desiredCapacity: 2 });
    const pids = await Promise.all((await begun.settle(2)).map(({ id }) => begun.pidOf(id)));
    const haproxy = await begun.haproxyPid();
    await begun.client.down();
    await begun.until('the controller has ended', async () =>
      begun.status().then(
        () => false,
        () => true,
      ),
    );
    for (const pid of [...pids, haproxy]) expect(await isRunning(pid)).toBe(false);
  });
});
