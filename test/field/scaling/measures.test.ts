import { describe, expect, it } from 'vitest';
import { haproxyMetric } from '../../../src/metrics/haproxy.ts';
import {
  NO_TRAFFIC,
  type Reading,
  type TargetHealth,
  type Traffic,
  WHOLE_TRAFFIC,
} from '../../../src/model/observation.ts';
import type { MetricContext } from '../../../src/ports/metric-source.ts';
import { NO_ABORT, sourceOf } from '../../support/metric-sources.ts';

interface Observation {
  readonly at: number;
  readonly traffic?: Partial<Traffic>;
  readonly health?: Readonly<Record<string, TargetHealth>>;
  readonly blind?: boolean;
}

const HEALTHY = { a: 'healthy', b: 'healthy' } as const;

/** What a measure reads at the last of some observations. */
async function read(
  measure: string,
  series: readonly Observation[],
  context: Partial<MetricContext> = {},
): Promise<Reading> {
  let now: Observation | undefined;
  const observations = () => {
    if (now === undefined || now.blind) return [];
    const { at, traffic = {}, health = HEALTHY } = now;
    const targets = Object.entries(health).map(([instanceId, one]) => ({
      instanceId,
      health: one,
      detail: '',
      idleObservations: 0,
      traffic: NO_TRAFFIC,
    }));
    const targetGroups = [{ name: 'web', traffic: { ...NO_TRAFFIC, ...traffic }, targets }];
    return [{ at, steadyMs: at, observation: { at, version: '2.6', ...WHOLE_TRAFFIC, targetGroups } }];
  };
  const source = sourceOf(haproxyMetric, { targetGroup: 'web', measure }, { observations, ...context });
  let reading = await source.read(NO_ABORT);
  for (now of series) reading = await source.read(NO_ABORT);
  return reading;
}

const server = (instanceId: string) => ({ instanceId, address: null, pid: null, isWarm: true });

describe('no healthy server is not no server', () => {
  const series = (health: Readonly<Record<string, TargetHealth>>) => [
    { at: 0, health },
    { at: 10_000, traffic: { requestsTotal: 400 }, health },
  ];

  it('requests for each target are those of the servers that get them', async () => {
    const servers = () => [server('a'), server('b')];
    expect(
      await read('requestsPerTarget', series({ a: 'unhealthy', b: 'unhealthy', c: 'initial' }), { servers }),
    ).toMatchObject({ value: 20, over: 2 });
    // It was never healthy, and gets nothing.
    expect(
      await read('requestsPerTarget', series({ a: 'unhealthy', b: 'unhealthy' }), { servers: () => [server('a')] }),
    ).toMatchObject({ value: 40, over: 1 });
    expect(await read('requestsPerTarget', series({ a: 'healthy', b: 'unhealthy' }), { servers })).toMatchObject({
      value: 40,
      over: 1,
    });
  });

  it('a load balancer that cannot be seen is still missing', async () => {
    const blind = [...series(HEALTHY), { at: 20_000, blind: true }];
    for (const measure of ['requestsPerTarget', 'requestsPerSecond', 'responseTime', 'errorShare', 'openRequests']) {
      expect(await read(measure, blind)).toMatchObject({ kind: 'missing', code: 'absent' });
    }
  });
});

describe('an average says what it is over', () => {
  it('requests for each target: those of the targets that are servers of the group itself', async () => {
    const series = [
      { at: 0 },
      { at: 10_000, traffic: { requestsTotal: 400 }, health: { ...HEALTHY, c: 'healthy' } as const },
    ];
    const isOwn = (id: string) => id !== 'c';
    expect(await read('requestsPerTarget', series, { isOwn })).toMatchObject({ value: 40 / 3, over: 2 });
  });
});

describe('known idleness is not blindness', () => {
  const calm = [
    { at: 0, traffic: { requestsTotal: 90, responsesTotal: 90, errors5xxTotal: 9, responseTimeMs: 300 } },
    { at: 10_000, traffic: { requestsTotal: 90, responsesTotal: 90, errors5xxTotal: 9, responseTimeMs: 300 } },
  ];

  it.each(['requestsPerSecond', 'requestsPerTarget', 'responseTime', 'errorShare', 'openRequests', 'queueLength'])(
    '%s without a request is 0',
    async (measure) => {
      expect(await read(measure, calm)).toMatchObject({ kind: 'value', value: 0 });
    },
  );

  it('without a target either', async () => {
    const none = calm.map((one) => ({ ...one, health: {} }));
    expect(await read('requestsPerTarget', none)).toMatchObject({ value: 0, over: 0 });
    expect(await read('responseTime', none)).toMatchObject({ value: 0 });
  });

  it.each(['responseTime', 'errorShare'])(
    '%s is missing while requests are open and none is answered',
    async (measure) => {
      const hung = [...calm, { at: 20_000, traffic: { ...calm[1]?.traffic, requestsTotal: 97, openRequests: 7 } }];
      expect(await read(measure, hung)).toMatchObject({
        kind: 'missing',
        detail: 'web has answered no request in the last 10 s, and 7 are open',
      });
    },
  );

  it('after a load balancer was away what was not counted is not known to be nothing', async () => {
    const back = [
      ...calm,
      { at: 20_000, blind: true },
      { at: 60_000, traffic: { requestsTotal: 5, responsesTotal: 5 } },
    ];
    expect(await read('requestsPerSecond', back)).toMatchObject({ kind: 'missing', code: 'empty' });
    expect(await read('responseTime', back)).toMatchObject({ kind: 'missing', code: 'empty' });
  });
});

describe('load is measured when it begins', () => {
  it('requests that take long count at once', async () => {
    const begun = [{ at: 0 }, { at: 5_000, traffic: { requestsTotal: 100, openRequests: 100 } }];
    expect(await read('requestsPerSecond', begun)).toMatchObject({ value: 20 });
  });

  /** 300 requests of 40 s begin in the first second of each 40 s. */
  const waves = (until: number) =>
    Array.from({ length: until / 5_000 + 1 }, (_, index) => ({
      at: index * 5_000,
      traffic: { requestsTotal: 300 * Math.ceil((index * 5_000) / 40_000), openRequests: 294 },
    }));

  it.each([5, 10, 20, 35, 40, 75, 120])(
    '%d s into waves of them, their rate does not fall below their mean',
    async (s) => {
      const reading = await read('requestsPerSecond', waves(s * 1_000));
      expect(reading).toMatchObject({ value: expect.toSatisfy((value: number) => value >= 300 / 45) });
    },
  );

  it('errors are a share of what has ended', async () => {
    const series = [
      { at: 0 },
      { at: 10_000, traffic: { requestsTotal: 100, responsesTotal: 10, errors5xxTotal: 10, openRequests: 90 } },
    ];
    expect(await read('errorShare', series)).toMatchObject({ value: 1 });
    const begin = { requestsTotal: 100, responsesTotal: 0, errors5xxTotal: 0, openRequests: 100 };
    const end = { requestsTotal: 100, responsesTotal: 100, errors5xxTotal: 25 };
    expect(
      await read('errorShare', [
        { at: 0, traffic: begin },
        { at: 10_000, traffic: end },
      ]),
    ).toMatchObject({ value: 0.25 });
  });

  it('what has been open for minutes, as WebSockets are, neither adds to a rate nor hides a rise', async () => {
    const series = Array.from({ length: 61 }, (_, index) => ({
      at: index * 10_000,
      traffic: { requestsTotal: 1_000 + 10 * index + (index === 60 ? 490 : 0), openRequests: 1_000 },
    }));
    expect(await read('requestsPerSecond', series.slice(0, 60))).toMatchObject({ value: 1 });
    expect(await read('requestsPerSecond', series)).toMatchObject({ value: 50 });
  });
});
