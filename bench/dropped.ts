/**
 * Does a request fail while servers come and go? Constant load, with kept and with new connections, while the group goes
 * from 4 to 24 and back until at least 200 servers were added and as many drained and removed.
 */

import { join } from 'node:path';
import type { StoredActivity } from '../src/model/activity.ts';
import { RealFleet } from '../test/support/fleet.ts';
import { bench, type Scope, until } from './support/bench.ts';
import { readStat } from './support/haproxy.ts';
import { type FailureKind, Load } from './support/load.ts';
import { printTable, whole } from './support/report.ts';

const SMALL = 4;
const LARGE = 24;
const CYCLES = 10;
const SETTLE_TIMEOUT_MS = 60_000;
const POLL_MS = 100;
const LIMIT_MS = 300_000;
const KINDS: readonly FailureKind[] = ['not 200', 'reset', 'broken answer', 'timeout', 'not connected'];
const MAX_FAILURES_SHOWN = 20;

await bench('Dropped requests', LIMIT_MS, async (scope: Scope) => {
  const fleet = await RealFleet.create({ desiredCapacity: SMALL, maxSize: LARGE + SMALL });
  scope.atEnd(() => fleet.end());
  await fleet.start();
  await settle(fleet, SMALL);

  const load = new Load(
    [
      { url: fleet.url, clients: 10, newConnections: false, everyMs: 25 },
      { url: fleet.url, clients: 10, newConnections: true, everyMs: 25 },
      // Some are always open when a server begins to drain.
      { url: `${fleet.url}/slow?ms=700`, clients: 24, newConnections: false, everyMs: 800 },
    ],
    scope,
  );
  await until('the load is under way', SETTLE_TIMEOUT_MS, async () => load.requests > 500);

  const begun = (await fleet.activities()).at(-1)?.sequence ?? 0;
  for (let cycle = 1; cycle <= CYCLES; cycle += 1) {
    for (const size of [LARGE, SMALL]) {
      await fleet.client.setDesiredCapacity('hello', size);
      await settle(fleet, size);
    }
    console.log(`${cycle} of ${CYCLES}: ${whole(load.requests)} requests, ${load.failed} failed`);
  }
  const perSecond = await load.stop();

  const activities = await activitiesAfter(fleet, begun);
  const count = (reason: StoredActivity['reason']) => activities.filter((one) => one.reason === reason).length;
  const stat = await readStat(join(fleet.dataDir, 'haproxy', 'web', 'runtime.sock'), 'hello', scope.signal);
  const added = count('inService');
  const removed = count('terminated');
  console.log();
  printTable([
    ['', 'count'],
    ['requests', `${whole(load.requests)} (${whole(perSecond)}/s)`],
    ['failed', whole(load.failed)],
    ...KINDS.map((kind) => [`  ${kind}`, whole(load.failures.filter((failure) => failure.kind === kind).length)]),
    ['tried again by HAProxy', whole(stat.retries + stat.redispatches)],
    ['servers added', whole(added)],
    ['servers drained to the end', whole(count('drained'))],
    ['servers removed', whole(removed)],
    ['reloads of HAProxy', whole(count('loadBalancerReloaded'))],
  ]);
  for (const { at, kind, message, url } of load.failures.slice(0, MAX_FAILURES_SHOWN)) {
    console.log(`${new Date(at).toISOString()} ${kind}: ${message} (${url})`);
  }
  const enough = Math.min(added, removed) >= (LARGE - SMALL) * CYCLES;
  return load.failed === 0 && enough;
});

/** Waits until exactly so many are in service and none is on its way. */
async function settle(fleet: RealFleet, size: number): Promise<void> {
  const settled = async () => {
    const instances = await fleet.instances();
    return instances.length === size && instances.every(({ state }) => state === 'inService');
  };
  await until(`${size} are in service`, SETTLE_TIMEOUT_MS, settled, POLL_MS);
}

/** All of them; one answer has only so many. */
async function activitiesAfter(fleet: RealFleet, sequence: number): Promise<readonly StoredActivity[]> {
  const found: StoredActivity[] = [];
  for (;;) {
    const afterSequence = found.at(-1)?.sequence ?? sequence;
    const page = await fleet.client.activities({ afterSequence, limit: 1_000 });
    if (page.length === 0) return found;
    found.push(...page);
  }
}
