/**
 * What does it cost that everything is measured? A piece of work that does nothing, with all that a controller makes of it (metrics, the log at its usual
 * level), against the same without; and a scrape of a fleet with 100 groups.
 */

import { pino } from 'pino';
import { INSTANCE_STATE_NAMES } from '../src/model/lifecycle.ts';
import { type FleetNumbers, NO_TELEMETRY, type Telemetry } from '../src/ports/telemetry.ts';
import { systemClock } from '../src/system/clock.ts';
import { systemIds } from '../src/system/ids.ts';
import { logOf } from '../src/telemetry/log.ts';
import { Metrics } from '../src/telemetry/metrics.ts';
import { createTelemetry } from '../src/telemetry/telemetry.ts';
import { bench } from './support/bench.ts';
import { printTable } from './support/report.ts';

const LIMIT_MS = 60_000;
const ROUNDS = 5;
const PIECES = 50_000;
const SCRAPES = 50;
/** While nothing happens: a list and an observation each second, and a check each five. */
const PIECES_A_SECOND_AT_REST = 2.2;
/** Of one core. */
const MAX_SHARE_AT_REST = 0.001;

const CHECK = { kind: 'check', group: 'web' } as const;
const LIST = { kind: 'providerCall', call: 'list', provider: 'rack', type: 'docker', about: null } as const;

async function microsecondsFor(telemetry: Telemetry, work: typeof CHECK | typeof LIST): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round += 1) {
    const fromMs = performance.now();
    for (let piece = 0; piece < PIECES; piece += 1) {
      await telemetry.measure(work, async (stepEnded) => {
        if (work === CHECK) for (const step of ['observe', 'decide', 'commit', 'perform']) stepEnded(step);
      });
    }
    least = Math.min(least, ((performance.now() - fromMs) * 1_000) / PIECES);
  }
  return least;
}

function aFleet(groups: number): FleetNumbers {
  const instances = new Map(INSTANCE_STATE_NAMES.map((state) => [state, 5]));
  const sizes = { minSize: 1, maxSize: 100, desired: 30, unhealthy: 0, isLaunchSuspended: false, holds: [] };
  return {
    fleetVersion: 1,
    defects: 0,
    groups: Array.from({ length: groups }, (_, index) => ({ name: `group-${index}`, instances, ...sizes })),
    providers: [{ name: 'rack', isSeen: true }],
    loadBalancers: [],
  };
}

await bench('What measuring costs', LIMIT_MS, async () => {
  const metrics = new Metrics('bench');
  const log = logOf(pino({ level: 'info' }, { write: () => {} }));
  const all = createTelemetry(systemClock, systemIds, [metrics, log]);
  const check = { without: await microsecondsFor(NO_TELEMETRY, CHECK), with: await microsecondsFor(all, CHECK) };
  const list = { without: await microsecondsFor(NO_TELEMETRY, LIST), with: await microsecondsFor(all, LIST) };
  metrics.follow(() => aFleet(100));
  const fromMs = performance.now();
  for (let scrape = 0; scrape < SCRAPES; scrape += 1) await metrics.exposition();
  const scrapeMs = (performance.now() - fromMs) / SCRAPES;
  const share = (Math.max(check.with, list.with) * PIECES_A_SECOND_AT_REST) / 1_000_000;
  printTable([
    ['', 'without', 'with metrics and log'],
    ['a check that finds nothing to do', `${check.without.toFixed(1)} µs`, `${check.with.toFixed(1)} µs`],
    ['a call of a provider', `${list.without.toFixed(1)} µs`, `${list.with.toFixed(1)} µs`],
    ['at rest, of one core', '-', `${(share * 100).toFixed(4)} %`],
    ['a scrape of 100 groups', '-', `${scrapeMs.toFixed(1)} ms`],
  ]);
  return share <= MAX_SHARE_AT_REST;
});
