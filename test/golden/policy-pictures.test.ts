import { expect, it } from 'vitest';
import { SVG_STYLE, whatIfSvg } from '../../src/cli/render/what-if-svg.ts';
import { parseFleet } from '../../src/fleet/file/load.ts';
import { metricSourceTypes } from '../../src/metrics/registry.ts';
import { providerTypes } from '../../src/providers/registry.ts';
import type { LoadPoint } from '../../src/views/what-if.ts';
import { whatIf } from '../../src/what-if/what-if.ts';
import { HOUR, MINUTE, MONDAY_8 } from '../support/policies.ts';
import { fleetFileWith, policyExample } from '../support/policy-examples.ts';

// The pictures in docs/policies: what `drover simulate` makes of each page's own example. `npx vitest run -u` draws them anew.

const docs = new URL('../../docs/', import.meta.url);
const MONDAY = MONDAY_8 - 8 * HOUR;

interface Scene {
  readonly yaml?: string;
  /** The load of each minute of the day, or of days before it. */
  readonly load: (hour: number) => number;
  readonly fromHour: number;
  readonly toHour: number;
  /** What is learned from before. */
  readonly daysBefore?: number;
  readonly valueIs?: 'average';
}

/** From 0 to 1 between two hours. */
const rise = (hour: number, from: number, to: number) => {
  const x = Math.min(1, Math.max(0, (hour - from) / (to - from)));
  return x * x * (3 - 2 * x);
};
const wave = (hour: number) => 180 + 700 * (rise(hour, 8.3, 8.9) - rise(hour, 9.6, 10.4)) - 130 * rise(hour, 9.6, 10.4);
const office = (hour: number) => {
  const ofDay = ((hour % 24) + 24) % 24;
  return 150 + 950 * (rise(ofDay, 7.97, 8.2) - rise(ofDay, 17, 19));
};

const SCENES: Record<string, Scene> = {
  'target-tracking': { load: wave, fromHour: 8, toHour: 11.5 },
  step: { load: wave, fromHour: 8, toHour: 11.5, valueIs: 'average' },
  simple: { load: wave, fromHour: 8, toHour: 11.5, valueIs: 'average' },
  scheduled: {
    yaml: `${policyExample('scheduled')}    metrics:
      traffic: { source: haproxy, targetGroup: web, measure: requestsPerSecond }
    scalingPolicies:
      now: { type: targetTracking, metric: traffic, targetValue: 100, valueIs: total }
`,
    load: (hour) => 0.24 * office(hour),
    fromHour: 4,
    toHour: 20,
  },
  predictive: { load: office, fromHour: 6, toHour: 11, daysBefore: 14 },
  combining: {
    yaml: `${policyExample('predictive')}    scheduledActions:
      opening: { cron: 0 7 * * *, timeZone: UTC, minSize: 4 }
`,
    // What no forecast knows: twice as much for half an hour.
    load: (hour) => office(hour) * (1 + 0.7 * (rise(hour, 9.5, 9.6) - rise(hour, 10, 10.1))),
    fromHour: 6,
    toHour: 11,
    daysBefore: 14,
  },
};

it.each(Object.entries(SCENES))('%s', async (name, scene) => {
  const { fromHour, toHour, daysBefore = 0, yaml = policyExample(name) } = scene;
  const text = fleetFileWith(yaml);
  const parsed = parseFleet({ text, path: '/srv/fleet.yaml', providers: providerTypes, sources: metricSourceTypes });
  if (!parsed.ok) throw new Error(`the example of ${name} is not valid`);
  const first = fromHour * 60 - daysBefore * 24 * 60;
  const readings = Array.from({ length: toHour * 60 - first }, (_, index): LoadPoint => {
    const minute = first + index;
    return { at: MONDAY + minute * MINUTE, value: scene.load(minute / 60) };
  });
  const [run] = whatIf({
    fleets: [{ title: name, fleet: parsed.fleet }],
    choice: { group: 'web', metric: null, valueIs: scene.valueIs ?? null },
    recording: { readings, before: [] },
    from: MONDAY + fromHour * HOUR,
    to: null,
    bootMs: 2 * MINUTE,
    capacity: 120,
  });
  if (run === undefined) throw new Error('no run');
  await expect(whatIfSvg(run, SVG_STYLE)).toMatchFileSnapshot(new URL(`images/policies/${name}.svg`, docs).pathname);
});
