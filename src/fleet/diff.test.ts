import { describe, expect, it } from 'vitest';
import type { Fleet } from '../model/fleet.ts';
import { diffFleets } from './diff.ts';
import { errorsOf, parse, SHOWN } from './file/load-for-test.ts';

function fleet(text: string): Fleet {
  const result = parse(text);
  if (!result.ok) throw new Error(errorsOf(text));
  return result.fleet;
}

const BEFORE = `
fleet: shop
loadBalancers:
  web:
    listeners:
      - { port: 80, targetGroup: web }
  old:
    listeners:
      - { port: 81, targetGroup: old }
targetGroups:
  web: {}
  old: {}
autoScalingGroups:
  web:
    targetGroups: [web]
    minSize: 1
    maxSize: 4
    metrics:
      load: { source: http, url: "http://127.0.0.1/load", headers: { X-Key: s3cret, X-Old: s3cret } }
      gone: { source: constant, value: 1 }
    scalingPolicies:
      track: { type: targetTracking, metric: load, targetValue: 50, valueIs: average }
      step: { type: step, metric: load, comparison: greaterThan, threshold: 50, steps: [{ adjustment: 1 }] }
      gone: { type: simple, metric: load, comparison: lessThan, threshold: 10, adjustment: -1 }
    scheduledActions:
      morning: { cron: 0 8 * * MON-FRI, minSize: 2 }
      gone: { at: "2026-11-27T00:00:00Z", minSize: 2 }
    launchTemplate: { provider: process, command: [serve, --fast], environment: { GONE: s3cret, SAME: s3cret, TOKEN: s3cret } }
  old:
    minSize: 0
    maxSize: 1
    launchTemplate: { provider: process, command: [serve] }
`;

const AFTER = `
fleet: store
history: { activities: 1000, samples: 2000, terminatedInstances: 300 }
loadBalancers:
  web:
    listeners:
      - { address: "::", port: 80, targetGroup: web }
      - { port: 8080, targetGroup: web }
    statsPage: { port: 8404 }
  new:
    listeners:
      - { port: 82, targetGroup: new }
targetGroups:
  web:
    algorithm: leastConnections
    healthCheck: { path: /up, matcher: 200-399, interval: 3s, fastInterval: 1s, downInterval: 1s, timeout: 2s, healthyThreshold: 3, unhealthyThreshold: 4 }
    deregistrationDelay: 1m30s
    slowStart: 30s
  new: {}
autoScalingGroups:
  web:
    targetGroups: [web, new]
    minSize: 2
    maxSize: 5
    desiredCapacity: 3
    desiredCapacityFile: desired
    healthCheckGracePeriod: 1m
    defaultInstanceWarmup: 10s
    launchTimeout: 5m
    launchRetry: { initialBackoff: 1s, maxBackoff: 1m, suspendAfter: 3 }
    terminationPolicies: [OldestInstance]
    orphanGracePeriod: 10m
    metrics:
      load: { source: http, interval: 30s, timeout: 1s, maxAge: 3m, url: "http://127.0.0.1/other", headers: { X-Key: other-s3cret, X-New: s3cret } }
      fresh: { source: queue, kind: redis, key: jobs }
    scalingPolicies:
      track:
        type: targetTracking
        metric: fresh
        targetValue: 40
        valueIs: total
        tolerance: 0.2
        scaleOut: { window: 10s, cooldown: 1m, maxChange: { instances: 4, percent: 100, period: 15s } }
        scaleIn: { window: 10m, cooldown: 2m, maxChange: { percent: 10 } }
        disableScaleIn: true
        whenMissing: ignore
      step: { type: step, metric: load, comparison: greaterThan, threshold: 60, steps: [{ upperBound: 10, adjustment: 1 }, { lowerBound: 10, adjustment: 3 }] }
      fresh: { type: predictive, metric: load, targetValue: 50, valueIs: total }
    scheduledActions:
      morning: { cron: 0 7 * * MON-FRI, timeZone: Europe/Berlin, startAt: "2026-12-01T00:00:00Z", endAt: "2027-12-01T00:00:00Z", minSize: 3, maxSize: 9, desiredCapacity: 4 }
      fresh: { at: "2026-11-28T00:00:00+01:00", minSize: 2 }
    launchTemplate: { provider: process, weight: 50, command: [serve], environment: { NEW: s3cret, SAME: s3cret, TOKEN: other-s3cret }, stopTimeout: 5s }
  new:
    minSize: 0
    maxSize: 1
    launchTemplate: { provider: process, command: [serve] }
`;

/** What `AFTER` leaves out. */
const REST = `
fleet: rest
providers:
  north: { type: cloud, region: north, tokenFile: /etc/token }
loadBalancers:
  web:
    listeners: [{ port: 80, targetGroup: web, trustedProxies: [10.0.0.0/8] }]
    threads: 2
    user: haproxy
targetGroups:
  web: { maxConnectionsPerTarget: 9, healthCheck: { headers: { X-Key: s3cret } } }
  api: { port: 8080, healthCheck: { port: 8081 } }
autoScalingGroups:
  web:
    minSize: 0
    maxSize: 1
    terminationCommand: { command: [flush, s3cret] }
    metrics:
      load: { source: constant, value: 1 }
    scalingPolicies:
      track: { type: targetTracking, metric: load, targetValue: 50, valueIs: average, scaleIn: { maxChange: { instances: 1 } } }
      simple: { type: simple, metric: load, comparison: lessThan, threshold: 10, adjustment: -1 }
    launchTemplate: { provider: machines, zones: [b], instanceTypes: [small] }
notifications:
  hook:
    type: webhook
    level: error
    categories: [health]
    groups: [web]
    groupWait: 1s
    groupInterval: 2s
    quietHours: { from: "22:00", to: "07:00", timeZone: Europe/Berlin, letErrorsThrough: true }
    url: { file: url }
    secret: { file: secret }
  mail: { type: email, host: s3cret, to: [ops] }
`;

describe('diffFleets', () => {
  it('tells each difference in the words of the fleet file, and what it does', () => {
    const lines = diffFleets(fleet(BEFORE), fleet(AFTER), SHOWN).map(
      ({ path, before, after, effect }) => `${path}: ${before ?? '-'} -> ${after ?? '-'} (${effect})`,
    );
    expect(lines.join('\n')).toMatchInlineSnapshot(`
      "fleet: shop -> store (refused: servers carry their fleet's name; end this fleet with \`drover down\` first)
      loadBalancers.web.listeners[0]: 127.0.0.1:80 to web -> [::]:80 to web (HAProxy is reloaded; open requests go on, up to hardStopAfter)
      loadBalancers.web.listeners[1]: - -> 127.0.0.1:8080 to web (HAProxy is reloaded; open requests go on, up to hardStopAfter)
      loadBalancers.web.statsPage: - -> 127.0.0.1:8404 (HAProxy is reloaded; open requests go on, up to hardStopAfter)
      loadBalancers.old: 127.0.0.1:81 to old -> - (its HAProxy is stopped)
      loadBalancers.new: - -> 127.0.0.1:82 to new (an HAProxy is started for it)
      targetGroups.web.algorithm: roundRobin -> leastConnections (HAProxy is reloaded; open requests go on, up to hardStopAfter)
      targetGroups.web.healthCheck.path: / -> /up (HAProxy is reloaded; open requests go on, up to hardStopAfter)
      targetGroups.web.healthCheck.matcher: 200 -> 200-399 (HAProxy is reloaded; open requests go on, up to hardStopAfter)
      targetGroups.web.healthCheck.interval: 2s -> 3s (HAProxy is reloaded; open requests go on, up to hardStopAfter)
      targetGroups.web.healthCheck.fastInterval: 200ms -> 1s (HAProxy is reloaded; open requests go on, up to hardStopAfter)
      targetGroups.web.healthCheck.downInterval: 200ms -> 1s (HAProxy is reloaded; open requests go on, up to hardStopAfter)
      targetGroups.web.healthCheck.timeout: 1s -> 2s (HAProxy is reloaded; open requests go on, up to hardStopAfter)
      targetGroups.web.healthCheck.healthyThreshold: 2 -> 3 (HAProxy is reloaded; open requests go on, up to hardStopAfter)
      targetGroups.web.healthCheck.unhealthyThreshold: 3 -> 4 (HAProxy is reloaded; open requests go on, up to hardStopAfter)
      targetGroups.web.deregistrationDelay: 5m -> 1m30s (takes effect for servers that begin to drain from then on)
      targetGroups.web.slowStart: 0s -> 30s (HAProxy is reloaded; open requests go on, up to hardStopAfter)
      targetGroups.old: roundRobin -> - (HAProxy is reloaded; open requests go on, up to hardStopAfter)
      targetGroups.new: - -> roundRobin (HAProxy is reloaded; open requests go on, up to hardStopAfter)
      autoScalingGroups.web.targetGroups: [web] -> [web, new] (running servers are registered or deregistered; none is replaced)
      autoScalingGroups.web.minSize: 1 -> 2 (takes effect at the next check)
      autoScalingGroups.web.maxSize: 4 -> 5 (takes effect at the next check)
      autoScalingGroups.web.healthCheckGracePeriod: 5m -> 1m (takes effect at the next check)
      autoScalingGroups.web.defaultInstanceWarmup: 0s -> 10s (takes effect at the next check)
      autoScalingGroups.web.launchTimeout: 15m -> 5m (takes effect at the next check)
      autoScalingGroups.web.launchRetry.initialBackoff: 9s -> 1s (takes effect at the next check)
      autoScalingGroups.web.launchRetry.maxBackoff: 15m -> 1m (takes effect at the next check)
      autoScalingGroups.web.launchRetry.suspendAfter: 15 -> 3 (takes effect at the next check)
      autoScalingGroups.web.terminationPolicies: [Default] -> [OldestInstance] (takes effect at the next check)
      autoScalingGroups.web.orphanGracePeriod: 5m -> 10m (takes effect at the next check)
      autoScalingGroups.web.launchTemplate.weight: 100 -> 50 (new servers only; running ones stay as they are)
      autoScalingGroups.web.launchTemplate.command: (not shown) -> (changed, not shown) (new servers only; running ones stay as they are)
      autoScalingGroups.web.launchTemplate.environment.GONE: (not shown) -> - (new servers only; running ones stay as they are)
      autoScalingGroups.web.launchTemplate.environment.TOKEN: (not shown) -> (changed, not shown) (new servers only; running ones stay as they are)
      autoScalingGroups.web.launchTemplate.stopTimeout: 10s -> 5s (new servers only; running ones stay as they are)
      autoScalingGroups.web.desiredCapacity: - -> 3 (takes effect at the next check)
      autoScalingGroups.web.desiredCapacityFile: - -> /srv/shop/desired (takes effect at the next check)
      autoScalingGroups.web.launchTemplate.environment.NEW: - -> (not shown) (new servers only; running ones stay as they are)
      autoScalingGroups.web.metrics.load.interval: 15s -> 30s (takes effect at the next check)
      autoScalingGroups.web.metrics.load.timeout: 5s -> 1s (takes effect at the next check)
      autoScalingGroups.web.metrics.load.maxAge: 1m -> 3m (takes effect at the next check)
      autoScalingGroups.web.metrics.load.url: (not shown) -> (changed, not shown) (takes effect at the next check)
      autoScalingGroups.web.metrics.load.headers.X-Key: (not shown) -> (changed, not shown) (takes effect at the next check)
      autoScalingGroups.web.metrics.load.headers.X-Old: (not shown) -> - (takes effect at the next check)
      autoScalingGroups.web.metrics.load.headers.X-New: - -> (not shown) (takes effect at the next check)
      autoScalingGroups.web.metrics.gone: constant, every 15s -> - (it is not read any more)
      autoScalingGroups.web.metrics.fresh: - -> queue, every 15s (it is read from now on)
      autoScalingGroups.web.scalingPolicies.track.metric: load -> fresh (takes effect at the next check)
      autoScalingGroups.web.scalingPolicies.track.whenMissing: hold -> ignore (takes effect at the next check)
      autoScalingGroups.web.scalingPolicies.track.targetValue: 50 -> 40 (takes effect at the next check)
      autoScalingGroups.web.scalingPolicies.track.valueIs: average -> total (takes effect at the next check)
      autoScalingGroups.web.scalingPolicies.track.tolerance: 0.1 -> 0.2 (takes effect at the next check)
      autoScalingGroups.web.scalingPolicies.track.scaleOut.window: 0s -> 10s (takes effect at the next check)
      autoScalingGroups.web.scalingPolicies.track.scaleOut.cooldown: 0s -> 1m (takes effect at the next check)
      autoScalingGroups.web.scalingPolicies.track.scaleIn.window: 5m -> 10m (takes effect at the next check)
      autoScalingGroups.web.scalingPolicies.track.scaleIn.cooldown: 0s -> 2m (takes effect at the next check)
      autoScalingGroups.web.scalingPolicies.track.disableScaleIn: false -> true (takes effect at the next check)
      autoScalingGroups.web.scalingPolicies.track.scaleOut.maxChange.instances: - -> 4 (takes effect at the next check)
      autoScalingGroups.web.scalingPolicies.track.scaleOut.maxChange.percent: - -> 100 (takes effect at the next check)
      autoScalingGroups.web.scalingPolicies.track.scaleOut.maxChange.period: - -> 15s (takes effect at the next check)
      autoScalingGroups.web.scalingPolicies.track.scaleIn.maxChange.percent: - -> 10 (takes effect at the next check)
      autoScalingGroups.web.scalingPolicies.track.scaleIn.maxChange.period: - -> 1m (takes effect at the next check)
      autoScalingGroups.web.scalingPolicies.step.threshold: 50 -> 60 (takes effect at the next check)
      autoScalingGroups.web.scalingPolicies.step.steps: ..: 1 -> ..10: 1, 10..: 3 (takes effect at the next check)
      autoScalingGroups.web.scalingPolicies.gone: simple of load -> - (the size does not follow it any more, and stays as it is until something else changes it)
      autoScalingGroups.web.scalingPolicies.fresh: - -> predictive of load (the size follows it from the next check on)
      autoScalingGroups.web.scheduledActions.morning.cron: 0 8 * * MON-FRI -> 0 7 * * MON-FRI (takes effect at the next check)
      autoScalingGroups.web.scheduledActions.morning.timeZone: UTC -> Europe/Berlin (takes effect at the next check)
      autoScalingGroups.web.scheduledActions.morning.minSize: 2 -> 3 (takes effect at the next check)
      autoScalingGroups.web.scheduledActions.morning.startAt: - -> 2026-12-01T00:00:00.000Z (takes effect at the next check)
      autoScalingGroups.web.scheduledActions.morning.endAt: - -> 2027-12-01T00:00:00.000Z (takes effect at the next check)
      autoScalingGroups.web.scheduledActions.morning.maxSize: - -> 9 (takes effect at the next check)
      autoScalingGroups.web.scheduledActions.morning.desiredCapacity: - -> 4 (takes effect at the next check)
      autoScalingGroups.web.scheduledActions.gone: 2026-11-27T00:00:00.000Z -> - (not carried out any more; a minimum or maximum that it has set is over)
      autoScalingGroups.web.scheduledActions.fresh: - -> 2026-11-27T23:00:00.000Z (carried out when it falls due the next time)
      autoScalingGroups.old: from 0 to 1 servers -> - (nothing more is launched for it; refused while it has servers, so scale it to 0 first)
      autoScalingGroups.new: - -> from 0 to 1 servers (its servers are launched)
      history.activities: 100000 -> 1000 (takes effect within ten minutes)
      history.samples: 200000 -> 2000 (takes effect within ten minutes)
      history.terminatedInstances: 10000 -> 300 (takes effect within ten minutes)"
    `);
  });

  it('finds nothing between equal fleets', () => {
    expect(diffFleets(fleet(BEFORE), fleet(BEFORE))).toEqual([]);
    expect(diffFleets(fleet(AFTER), fleet(AFTER))).toEqual([]);
  });

  it('finds a change of every leaf, and says what it does', () => {
    const missed = [AFTER, REST].flatMap((text) => {
      const one = fleet(text);
      return leavesOf(one)
        .filter(({ path, isEmpty }) => !isEmpty && !DERIVED.has(path.at(-1) ?? ''))
        .filter(({ path }) => {
          const other = structuredClone(one);
          change(other, path);
          const changes = diffFleets(one, other);
          return changes.length === 0 || changes.some(({ effect }) => effect === '');
        })
        .map(({ path }) => path.join('.'));
    });
    expect(missed).toEqual([]);
  });

  it('is tried with every leaf: each is filled in one of the examples', () => {
    const leaves = [AFTER, REST].flatMap((text) => leavesOf(fleet(text)));
    const nameOf = (path: readonly string[]) => path.filter((key) => !/^\d+$/.test(key)).join('.');
    const filled = leaves.filter(({ isEmpty }) => !isEmpty).map(({ path }) => nameOf(path));
    const empty = leaves.filter(({ isEmpty }) => isEmpty).map(({ path }) => nameOf(path));
    const isFilled = (name: string) => filled.some((other) => other === name || other.startsWith(`${name}.`));
    expect([...new Set(empty)].filter((name) => !isFilled(name))).toEqual([]);
  });
});

/** They follow from the others. */
const DERIVED = new Set(['version', 'kind']);

interface Leaf {
  readonly path: readonly string[];
  /** Null, or a list or object with nothing in it. */
  readonly isEmpty: boolean;
}

function leavesOf(value: unknown, path: readonly string[] = []): Leaf[] {
  if (typeof value !== 'object' || value === null) return [{ path, isEmpty: value === null }];
  const parts = Object.entries(value);
  return parts.length === 0
    ? [{ path, isEmpty: true }]
    : parts.flatMap(([key, part]) => leavesOf(part, [...path, key]));
}

function change(root: object, [key = '', ...rest]: readonly string[]): void {
  const value: unknown = Reflect.get(root, key);
  if (typeof value === 'object' && value !== null) change(value, rest);
  else Reflect.set(root, key, typeof value === 'number' ? value + 1 : `${value}x`);
}
