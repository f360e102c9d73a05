import { readdir, writeFile } from 'node:fs/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { RealFleet } from '../support/fleet.ts';
import { isRunning } from '../support/processes.ts';

/** Works until it is told to end, finishes what it is at, and says so: no port, no health check. */
const WORKER = `
const { writeFileSync } = require('node:fs');
const tell = (what) => writeFileSync(process.env.NOTES + '/' + what + '-' + process.pid, '');
const work = setInterval(() => {}, 1000);
process.on('SIGTERM', () => {
  clearInterval(work);
  tell('done');
});
tell('ready');
`;

describe('a group of workers, behind no load balancer', () => {
  let fleet: RealFleet | undefined;

  afterEach(async () => {
    await fleet?.end();
    fleet = undefined;
  });

  async function begin(): Promise<RealFleet> {
    const begun = await RealFleet.create();
    fleet = begun;
    await writeFile(
      begun.fleetFile,
      `fleet: workers-${begun.port}
autoScalingGroups:
  workers:
    minSize: 0
    maxSize: 5
    desiredCapacity: 2
    launchTemplate:
      provider: process
      command: ${JSON.stringify([process.execPath, '-e', WORKER])}
      environment: { NOTES: ${JSON.stringify(begun.folder)} }
      stopTimeout: 5s
`,
    );
    await begun.start();
    return begun;
  }

  const settled = async (begun: RealFleet, size: number) => {
    await begun.until(`${size} workers and nothing else`, async () => {
      const { groups } = await begun.status();
      const instances = groups.flatMap((group) => group.instances);
      const calm = instances.every(({ state, health }) => state === 'inService' && health === 'healthy');
      return groups[0]?.desired === size && instances.length === size && calm;
    });
    return begun.instances();
  };
  const notes = async (begun: RealFleet, what: string, pids: readonly number[]) => {
    const written = await readdir(begun.folder);
    return pids.filter((pid) => written.includes(`${what}-${pid}`));
  };
  const setDesired = (begun: RealFleet, size: number) => begun.drover('set-desired', 'workers', String(size));

  it('follows set-desired from 0 to the maximum, and ends workers in order', async () => {
    const begun = await begin();
    const first = await settled(begun, 2);
    expect(first.map(({ targets }) => targets)).toEqual([[], []]);
    expect((await begun.status()).loadBalancers).toEqual([]);

    expect(await setDesired(begun, 5)).toEqual({
      code: 0,
      said: 'Desired capacity of workers: 2 before, 5 now.\n',
    });
    const most = await settled(begun, 5);
    const pids = await Promise.all(most.map(({ id }) => begun.pidOf(id)));
    await begun.until('all are at work', async () => (await notes(begun, 'ready', pids)).length === 5);

    await setDesired(begun, 1);
    const [left] = await settled(begun, 1);
    const kept = await begun.pidOf(left?.id ?? '');
    const ended = pids.filter((pid) => pid !== kept);
    expect(await Promise.all(ended.map(isRunning))).toEqual(ended.map(() => false));
    expect(await notes(begun, 'done', ended)).toEqual(ended);

    await setDesired(begun, 0);
    await settled(begun, 0);
    await setDesired(begun, 1);
    await settled(begun, 1);
    expect((await setDesired(begun, 6)).code).toBe(5);
  });

  it('replaces a worker that dies, and only that one', async () => {
    const begun = await begin();
    const before = (await settled(begun, 2)).map(({ id }) => id);
    const victim = before[0] ?? '';
    process.kill(await begun.pidOf(victim), 'SIGKILL');
    await begun.untilActivity('machineStopped');
    await begun.until('it is gone', async () => !(await begun.instances()).some(({ id }) => id === victim));
    const after = (await settled(begun, 2)).map(({ id }) => id);
    expect(after.filter((id) => before.includes(id))).toEqual(before.slice(1));
  });

  it('launches nothing while that is suspended, and says so', async () => {
    const begun = await begin();
    await settled(begun, 2);
    expect((await begun.drover('suspend', 'workers', 'launch')).said).toContain('Suspended in group workers: launch.');
    await setDesired(begun, 4);
    await begun.until('it is held back', async () => {
      const { holds } = await begun.client.explain('workers');
      return holds.some(({ code }) => code === 'processSuspended');
    });
    expect((await begun.drover('explain', 'workers')).said).toMatch(
      /should have 4 servers and has 2 in service.*Suspended:.*Resume with `drover .*resume workers launch`.*Nothing is launched: launch is/s,
    );
    expect(await begun.instances()).toHaveLength(2);
    expect((await begun.drover('resume', 'workers', 'launch')).code).toBe(0);
    await settled(begun, 4);
  });
});
