/** The dashboard with 1,000 instances: its size, how soon it shows something useful, and what it costs while it is open. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { fakeDashboard, launchBrowser, open } from '../test/support/dashboard/browser.ts';
import { crowd } from '../test/support/dashboard/fake-shop.ts';

const ROUNDS = 5;
const INSTANCES = 1_000;
const OPEN_MS = 5_000;
const ASSETS = join(import.meta.dirname, '..', 'web', 'dist', 'assets');

for (const name of readdirSync(ASSETS)) {
  console.log(`${name}: ${(gzipSync(readFileSync(join(ASSETS, name))).length / 1_024).toFixed(1)} KB compressed`);
}

const browser = await launchBrowser();
await using dashboard = await fakeDashboard({ shop: crowd(INSTANCES) });
for (const [what, path] of [
  ['overview', '/'],
  ['list', '/instances'],
  ['group', '/groups/crowd'],
] as const) {
  const times: number[] = [];
  let busyShare = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    const { page } = await open(browser, dashboard.url + path);
    await page.getByRole('heading', { level: 1 }).waitFor();
    times.push(Number(await page.evaluate('performance.now()')));
    const session = await page.context().newCDPSession(page);
    await session.send('Performance.enable');
    const busy = async () =>
      (await session.send('Performance.getMetrics')).metrics.find(({ name }) => name === 'TaskDuration')?.value ?? 0;
    if (round === ROUNDS - 1) {
      await pause(OPEN_MS / 2);
      const before = await busy();
      await pause(OPEN_MS);
      busyShare = (await busy()) - before;
    }
    await page.close();
  }
  const median = times.toSorted((a, b) => a - b)[Math.floor(ROUNDS / 2)] ?? 0;
  const share = ((busyShare * 1_000 * 100) / OPEN_MS).toFixed(0);
  console.log(
    `${what}: useful after ${Math.round(median)} ms (median of ${ROUNDS}), busy for ${share} % of the time while it is open`,
  );
}
await browser.close();
