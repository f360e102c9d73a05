import { expect, it } from 'vitest';
import { FREELY, foreseeing, HOUR, MINUTE, MONDAY_8, metric, simply, stepping, tracking } from '../support/policies.ts';
import { type Play, play, trace } from '../support/policy-trace.ts';

const golden = (name: string, title: string, script: Play) =>
  it(title, async () => {
    await expect(trace(title, play(script))).toMatchFileSnapshot(`policies/${name}.txt`);
  });

/** Load for so many servers at 50 each, seen as an average. */
const average = (load: number, inService: number) => (inService === 0 ? null : (load * 50) / inService);
const CPU = { metrics: [metric('cpu')] };

golden('target-tracking', 'Target tracking: load for 1, then for 6, then for 2 servers, with a warm-up of a minute', {
  group: { ...CPU, scalingPolicies: [tracking()], defaultInstanceWarmupMs: MINUTE },
  minutes: 24,
  metrics: (minute, inService) => ({ cpu: average(minute < 3 ? 1 : minute < 10 ? 6 : 2, inService) }),
});

golden('speed-limit', 'Target tracking with speed limits: at most 2 more a minute, at most 1 fewer every two minutes', {
  group: {
    ...CPU,
    scalingPolicies: [
      tracking({
        scaleOut: { ...FREELY, maxChange: { instances: 2, percent: null, periodMs: MINUTE } },
        scaleIn: { windowMs: MINUTE, cooldownMs: 0, maxChange: { instances: 1, percent: null, periodMs: 2 * MINUTE } },
      }),
    ],
  },
  minutes: 16,
  metrics: (minute, inService) => ({ cpu: average(minute < 1 ? 1 : minute < 6 ? 8 : 5, inService) }),
});

golden('missing', 'Missing data: a reading that failed, then a gap of five minutes, while the load falls', {
  group: { ...CPU, scalingPolicies: [tracking()], desiredCapacity: 4 },
  minutes: 22,
  metrics: (minute, inService) => ({
    cpu: minute === 4 || (minute >= 6 && minute < 11) ? null : average(minute < 2 ? 4 : 2, inService),
  }),
});

golden('queue', 'Target tracking on a total: workers that follow a queue, from zero and back to zero', {
  group: {
    metrics: [metric('depth')],
    minSize: 0,
    scalingPolicies: [tracking({ name: 'queue', metric: 'depth', valueIs: 'total', targetValue: 100 })],
  },
  minutes: 20,
  metrics: (minute) => ({ depth: minute < 1 ? 0 : minute < 3 ? 30 : minute < 6 ? 450 : minute < 8 ? 120 : 0 }),
});

golden('step', 'Step scaling: 65, then 75, with a breach duration of a minute and a warm-up of three', {
  group: { ...CPU, scalingPolicies: [stepping({ breachForMs: MINUTE })], defaultInstanceWarmupMs: 3 * MINUTE },
  minutes: 12,
  metrics: (minute) => ({ cpu: minute < 1 ? 40 : minute < 4 ? 65 : minute < 8 ? 75 : 40 }),
});

golden('simple', 'Simple scaling: above the threshold for half an hour, with a cooldown of five minutes', {
  group: { ...CPU, scalingPolicies: [simply({ breachForMs: MINUTE })], healthCheckGracePeriodMs: 5 * MINUTE },
  bootMs: 2 * MINUTE,
  minutes: 30,
  metrics: (minute) => ({ cpu: minute < 1 ? 40 : 80 }),
});

const DAY_HOURS = 24;
const officeHours = (at: number) => {
  const hour = Math.floor(at / HOUR) % DAY_HOURS;
  return hour >= 9 && hour < 17 ? 750 : 150;
};
golden('predictive', 'Predictive scaling: ahead of nine o’clock; the reactive policy alone takes servers away', {
  group: {
    metrics: [metric('requests')],
    maxSize: 20,
    scalingPolicies: [
      foreseeing(),
      tracking({ name: 'reactive', metric: 'requests', valueIs: 'total', targetValue: 100 }),
    ],
  },
  histories: new Map([
    [
      'requests',
      Array.from({ length: 14 * DAY_HOURS }, (_, index) => {
        const at = MONDAY_8 - (14 * DAY_HOURS - index) * HOUR;
        return { at, value: officeHours(at) };
      }),
    ],
  ]),
  minutes: 80,
  everyMs: MINUTE,
  metrics: (minute) => ({ requests: officeHours(MONDAY_8 + minute * MINUTE) }),
});

golden('several', 'Several policies: the largest wins, and all have to agree before servers are taken away', {
  group: {
    metrics: [metric('cpu'), metric('depth')],
    scalingPolicies: [tracking(), tracking({ name: 'queue', metric: 'depth', valueIs: 'total', targetValue: 100 })],
  },
  minutes: 20,
  metrics: (minute, inService) => ({
    cpu: average(minute < 2 ? 1 : minute < 6 ? 3 : 1, inService),
    depth: minute < 3 ? 100 : minute < 12 ? 500 : 100,
  }),
});

golden(
  'scheduled',
  'Scheduled actions: a higher minimum from 08:05 to 08:15, and a policy that would rather have one',
  {
    group: {
      ...CPU,
      scalingPolicies: [tracking({ scaleIn: { ...FREELY, windowMs: MINUTE } })],
      scheduledActions: [
        {
          name: 'morning',
          schedule: { kind: 'cron', expression: '5 8 * * MON-FRI', timeZone: 'UTC' },
          startAt: null,
          endAt: null,
          minSize: 3,
          maxSize: 4,
          desiredCapacity: 4,
        },
        {
          name: 'over',
          schedule: { kind: 'once', at: MONDAY_8 + 15 * MINUTE },
          startAt: null,
          endAt: null,
          minSize: 1,
          maxSize: 10,
          desiredCapacity: null,
        },
      ],
    },
    minutes: 20,
    metrics: (_, inService) => ({ cpu: average(1, inService) }),
  },
);
