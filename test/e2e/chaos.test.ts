import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { env } from 'node:process';
import { expect, it } from 'vitest';
import { createRandom } from '../simulation/world/random.ts';
import { Chaos } from '../support/chaos.ts';
import { type ChaosResult, summary, timeline, unexplained, untold } from '../support/chaos-report.ts';
import { effort } from '../support/effort.ts';
import { EVERY_CLIENT_SERVER, EveryClient, isLostWithServer } from '../support/every-client.ts';
import { RealFleet } from '../support/fleet.ts';
import { haproxyServers } from '../support/haproxy-view.ts';
import { Load } from '../support/load.ts';
import { processesWith } from '../support/processes.ts';
import { requires } from '../support/requires.ts';

const SECONDS = Number(env.CHAOS_SECONDS ?? effort('chaosSeconds'));
const SEED = Number(env.CHAOS_SEED ?? Date.now() % 1_000_000);
const MAX_SIZE = 10;
const SIZES = [3, 9] as const;
/** Not one of `SIZES`: the last change is a change in any case. */
const LAST_SIZE = 2;
/** For what is under way when the blows end: restarts, backoffs, drains. */
const SETTLE_TIMEOUT_MS = 90_000;
/** Until HAProxy has what the last records say. */
const FOLLOW_TIMEOUT_MS = 5_000;
/** Eight clients, some 250 requests a second together: a constant load, not an overload. */
const PACE_MS = 25;

requires('haproxy')('chaos', () => {
  it(`of ${SECONDS} s loses nothing (CHAOS_SEED=${SEED})`, { timeout: SECONDS * 1_000 + 180_000 }, async () => {
    const fleet = await RealFleet.create({
      minSize: 2,
      maxSize: MAX_SIZE,
      desiredCapacity: 5,
      command: [process.execPath, EVERY_CLIENT_SERVER],
      group: 'launchRetry: { initialBackoff: 500ms, maxBackoff: 5s }',
    });
    try {
      await fleet.start();
      await fleet.settle(5);
      const load = new Load(fleet.url, { pauseMs: PACE_MS });
      const clients = new EveryClient(fleet.url);
      const chaos = new Chaos(fleet, createRandom(SEED), SIZES);
      const startedAt = Date.now();
      let trouble: unknown = null;
      await live(fleet, chaos).catch((error: unknown) => {
        trouble = error;
      });
      const activities = await fleet.allActivities().catch(() => []);
      const failed = (await clients.stop()).filter((failure) => !isLostWithServer(failure));
      const result: ChaosResult = { seed: SEED, startedAt, chaos, load: await load.stop(), failed, activities };
      console.log(summary(result));
      if (trouble !== null) throw new Error(`${String(trouble)}\n${timeline(result, [])}`);
      judge(result);
      await judgeWhatIsLeft(fleet, result);
    } finally {
      await fleet.end();
    }
    expect(await processesWith(fleet.folder)).toEqual([]);
  });
});

async function live(fleet: RealFleet, chaos: Chaos): Promise<void> {
  await chaos.run(SECONDS * 1_000);
  // The file as it is would win over the command if the controller had not read it yet.
  await writeFile(fleet.desiredFile, `${LAST_SIZE}\n`);
  await fleet.until('the file was followed', async () => (await fleet.status()).groups[0]?.desired === LAST_SIZE);
  await fleet.settle(LAST_SIZE, SETTLE_TIMEOUT_MS);
}

function judge(result: ChaosResult): void {
  const lost = unexplained(result);
  if (lost.length > 0) expect.fail(`${lost.length} requests failed for no good reason\n${timeline(result, lost)}`);
  const problems = untold(result);
  if (problems.length > 0) expect.fail(`${problems.join('\n')}\n${timeline(result, [])}`);
  expect(result.chaos.most).toBeLessThanOrEqual(MAX_SIZE);
  expect(result.load.requests).toBeGreaterThan(SECONDS * 20);
}

/** The members, HAProxy's and ours, and the processes of the host. */
async function judgeWhatIsLeft(fleet: RealFleet, result: ChaosResult): Promise<void> {
  const instances = await fleet.inService();
  // Each with what stands in for it while no server is healthy, which is not checked.
  const members = instances.flatMap(({ id, endpoint }) => [
    { name: id, endpoint, status: 'UP' },
    { name: `_failopen:${id}`, endpoint, status: 'no check' },
  ]);
  const byName = (a: { name: string }, b: { name: string }) => (a.name < b.name ? -1 : 1);
  await expect
    .poll(async () => (await haproxyServers(fleet.haproxyFolder)).toSorted(byName), { timeout: FOLLOW_TIMEOUT_MS })
    .toEqual(members.toSorted(byName));
  const servers = await Promise.all(instances.map(({ id }) => fleet.pidOf(id)));
  const haproxy = (await fleet.haproxyProcesses()).map(({ pid }) => pid);
  expect(haproxy).toHaveLength(2);
  const { pid } = await fleet.status();
  const strays = (await processesWith(join(fleet.folder, ''))).filter(
    (one) => ![...servers, ...haproxy, pid].includes(one.pid),
  );
  if (strays.length > 0) {
    const list = strays.map((stray) => `${stray.pid} ${stray.commandLine}`).join('\n');
    expect.fail(`These processes are left:\n${list}\n${timeline(result, [])}`);
  }
}
