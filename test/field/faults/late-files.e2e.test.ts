/** Kind: what HAProxy has on disk is behind what it runs with, for longer than it may be. */

import { mkdtempDisposable, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createHaproxy } from '../../../src/haproxy/driver.ts';
import { systemClock } from '../../../src/system/clock.ts';
import { sampleGroup, sampleMember, sampleState } from '../../haproxy-samples.ts';
import { freePort } from '../../support/free-ports.ts';
import { requires } from '../../support/requires.ts';

const MANY = 501;
const SELDOM_MS = 300_000;
const signal = new AbortController().signal;

requires('haproxy')('the files of an HAProxy with many members', () => {
  it('follow the newest members while it is observed, and when Drover ends', async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), 'drover-late-'));
    const driver = createHaproxy({ dataDir: folder.path, clock: systemClock });
    const port = await freePort();
    const { healthCheck } = sampleGroup;
    const group = { ...sampleGroup, healthCheck: { ...healthCheck, intervalMs: SELDOM_MS, downIntervalMs: SELDOM_MS } };
    const apply = async (count: number): Promise<void> => {
      const state = sampleState(
        Array.from({ length: count }, (_, index) => sampleMember(`i-${index}`)),
        group,
      );
      const listeners = [{ address: '127.0.0.1', port, targetGroup: group.name, trustedProxies: [] }];
      const loadBalancer = { ...state.loadBalancer, listeners, maxConnections: 100 };
      await driver.apply({ ...state, loadBalancer }, async () => {}, signal);
    };
    const servers = async (): Promise<number> =>
      (await readFile(join(folder.path, 'haproxy.cfg'), 'utf8')).match(/^ {2}server /gm)?.length ?? 0;
    try {
      await apply(MANY);
      await apply(MANY + 1);
      await expect
        .poll(
          async () => {
            await driver.observe(signal);
            return servers();
          },
          { timeout: 10_000 },
        )
        .toBe(MANY + 1);
      await apply(MANY + 2);
      await driver.close();
      expect(await servers()).toBe(MANY + 2);
    } finally {
      await driver.stop(signal);
      await driver.close();
    }
  });
});
