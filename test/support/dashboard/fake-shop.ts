import type { ActivityLevel, ActivityReason } from '../../../src/model/activity.ts';
import type { Hold } from '../../../src/model/hold.ts';
import type { SuspendableProcess } from '../../../src/model/scaling-policy.ts';
import type { PolicyExplanation, ScheduledActionExplanation } from '../../../src/views/status.ts';

/** A group of the imitated fleet. */
export interface ShopGroup {
  readonly name: string;
  readonly provider: string;
  readonly zones: readonly string[];
  readonly instanceType: string | null;
  /** Null for a group that no load balancer serves. */
  readonly targetGroup: string | null;
  readonly minSize: number;
  readonly maxSize: number;
  desired: number;
  /** Requests per second in the middle of the day's curve. */
  readonly load: number;
  /** What its policy keeps each server at; null without a policy. */
  readonly perServer: number | null;
  readonly errorShare: number;
  readonly responseTimeMs: number;
  readonly holds: readonly Hold[];
  readonly notes: readonly string[];
  readonly incident: {
    readonly level: ActivityLevel;
    readonly reason: ActivityReason;
    readonly message: string;
  } | null;
  readonly policies: (load: number, desired: number) => readonly PolicyExplanation[];
  readonly scheduledActions: readonly Omit<ScheduledActionExplanation, 'nextAt'>[];
}

export interface FakeGroup extends ShopGroup {
  suspendedProcesses: readonly SuspendableProcess[];
  launchSuspended: string | null;
}

const PLAIN = {
  zones: [],
  instanceType: null,
  perServer: null,
  errorShare: 0,
  responseTimeMs: 14,
  holds: [],
  notes: [],
  incident: null,
  policies: () => [],
  scheduledActions: [],
} as const;

function tracking(policy: string, perServer: number) {
  return (load: number, desired: number): readonly PolicyExplanation[] => {
    const each = load / Math.max(1, desired);
    const wants = Math.ceil(load / perServer);
    return [
      {
        policy,
        type: 'targetTracking',
        metric: 'requests',
        sees: `${each.toFixed(1)} requests/s for each server`,
        wants,
        agreesToScaleIn: wants < desired,
        why: `${load.toFixed(0)} requests/s / ${perServer} for each server = ${wants} servers`,
        cappedBy: wants < desired ? 'scaleInWindow' : null,
        waitsUntil: null,
      },
    ];
  };
}

/** A shop's fleet: one group that follows its load, one that is in trouble, one without a load balancer, one by the calendar. */
export const SHOP: readonly ShopGroup[] = [
  {
    ...PLAIN,
    name: 'web',
    provider: 'rack',
    zones: ['a', 'b', 'c'],
    targetGroup: 'web',
    minSize: 4,
    maxSize: 24,
    desired: 12,
    load: 480,
    perServer: 40,
    holds: [
      {
        code: 'scalingPolicy',
        message: 'requests waits with scaling in: the largest size of the last 5 minutes counts.',
        until: 0,
      },
    ],
    policies: tracking('requests', 40),
    scheduledActions: [
      {
        name: 'morning',
        schedule: '0 7 * * MON-FRI (Europe/Berlin)',
        minSize: 8,
        maxSize: null,
        desiredCapacity: null,
      },
      { name: 'night', schedule: '0 22 * * * (Europe/Berlin)', minSize: 4, maxSize: null, desiredCapacity: null },
    ],
  },
  {
    ...PLAIN,
    name: 'checkout',
    provider: 'cloud',
    zones: ['nbg1', 'fsn1'],
    instanceType: 'cx33',
    targetGroup: 'checkout',
    minSize: 2,
    maxSize: 10,
    desired: 4,
    load: 96,
    perServer: 25,
    responseTimeMs: 38,
    policies: tracking('requests', 25),
    notes: ['2 servers run an older launch template; drain them to replace them.'],
  },
  {
    ...PLAIN,
    name: 'search',
    provider: 'burst',
    zones: ['a', 'b'],
    instanceType: 't3a.small',
    targetGroup: 'search',
    minSize: 2,
    maxSize: 8,
    desired: 3,
    load: 42,
    responseTimeMs: 84,
    errorShare: 0.006,
    incident: {
      level: 'error',
      reason: 'launchSuspended',
      message: '5 launches in a row failed; the last one: AMI ami-0a1b2c3d4e5f60718 does not exist in eu-central-1.',
    },
  },
  { ...PLAIN, name: 'mailer', provider: 'rack', targetGroup: null, minSize: 1, maxSize: 4, desired: 2, load: 0 },
  {
    ...PLAIN,
    name: 'reports',
    provider: 'cloud',
    targetGroup: null,
    minSize: 0,
    maxSize: 6,
    desired: 0,
    load: 0,
    scheduledActions: [
      { name: 'start', schedule: '0 2 * * * (UTC)', minSize: null, maxSize: null, desiredCapacity: 6 },
      { name: 'stop', schedule: '0 5 * * * (UTC)', minSize: null, maxSize: null, desiredCapacity: 0 },
    ],
  },
];

/** One group of this many servers, for what must stay quick. */
export function crowd(size: number): readonly ShopGroup[] {
  const group = { ...PLAIN, name: 'crowd', provider: 'cloud', zones: ['nbg1', 'fsn1', 'hel1'], instanceType: 'cx23' };
  return [
    { ...group, targetGroup: 'crowd', minSize: 0, maxSize: size * 2, desired: size, load: size * 20 },
    ...SHOP.filter(({ name }) => name === 'web'),
  ];
}
