import type { AutoScalingGroup, Fleet, History, LaunchTemplate, LoadBalancer, TargetGroup } from './fleet.ts';
import { formatDuration } from './fleet-file/units.ts';
import type { Json } from './json.ts';
import { maySecretsBeBelow } from './secrets.ts';
import type { FleetChange } from './status.ts';

const RENAMED = "refused: servers carry their fleet's name; end this fleet with drover down first";
const HAPROXY_STARTED = 'an HAProxy is started for it';
const HAPROXY_STOPPED = 'its HAProxy is stopped';
const RELOAD = 'HAProxy is reloaded without dropping connections';
const NEXT_LOOK = 'takes effect at the next look';
const NEXT_START = 'takes effect when Drover is started the next time';
const NEXT_DRAIN = 'takes effect for servers that begin to drain from then on';
const NEXT_LAUNCH = 'new servers only; running ones stay as they are';
const REGISTERED = 'running servers are registered or deregistered; none is replaced';
const GROUP_STARTED = 'its servers are launched';
const GROUP_ENDED = 'nothing more is launched for it; refused while it has servers, so scale it to 0 first';

/** What differs between two fleets, in the words of the fleet file, and what applying each difference does. */
export function diffFleets(before: Fleet, after: Fleet): FleetChange[] {
  return [
    ...diffFacts('', { fleet: fact(before.name, RENAMED) }, { fleet: fact(after.name, RENAMED) }),
    ...diffNamed('loadBalancers', before.loadBalancers, after.loadBalancers, {
      summary: (loadBalancer) => loadBalancer.listeners.map(listenerInWords).join(', '),
      facts: loadBalancerFacts,
      added: HAPROXY_STARTED,
      removed: HAPROXY_STOPPED,
    }),
    ...diffNamed('targetGroups', before.targetGroups, after.targetGroups, {
      summary: ({ algorithm }) => algorithm,
      facts: targetGroupFacts,
      added: RELOAD,
      removed: RELOAD,
    }),
    ...diffNamed('autoScalingGroups', before.autoScalingGroups, after.autoScalingGroups, {
      summary: ({ minSize, maxSize }) => `from ${minSize} to ${maxSize} servers`,
      facts: groupFacts,
      added: GROUP_STARTED,
      removed: GROUP_ENDED,
    }),
    ...diffFacts('history.', historyFacts(before.history), historyFacts(after.history)),
  ];
}

/** One value, as the fleet file would write it, and what a change of it does. */
interface Fact {
  readonly text: string;
  readonly effect: string;
  /** Its text is compared and never shown. */
  readonly secret: boolean;
}
type Facts = Readonly<Record<string, Fact>>;

function fact(text: string | number, effect: string): Fact {
  return { text: String(text), effect, secret: false };
}

interface Kind<T> {
  summary(item: T): string;
  facts(item: T): Facts;
  readonly added: string;
  readonly removed: string;
}

function diffNamed<T extends { readonly name: string }>(
  kind: string,
  before: readonly T[],
  after: readonly T[],
  { summary, facts, added, removed }: Kind<T>,
): FleetChange[] {
  const names = new Set([...before, ...after].map(({ name }) => name));
  return [...names].flatMap((name): FleetChange[] => {
    const old = before.find((item) => item.name === name);
    const next = after.find((item) => item.name === name);
    const path = `${kind}.${name}`;
    if (next === undefined)
      return old === undefined ? [] : [{ path, before: summary(old), after: null, effect: removed }];
    if (old === undefined) return [{ path, before: null, after: summary(next), effect: added }];
    return diffFacts(`${path}.`, facts(old), facts(next));
  });
}

function diffFacts(prefix: string, before: Facts, after: Facts): FleetChange[] {
  const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...keys].flatMap((key) => {
    const old = before[key];
    const next = after[key];
    const effect = (next ?? old)?.effect;
    if (old?.text === next?.text || effect === undefined) return [];
    return [
      { path: `${prefix}${key}`, before: shown(old, HIDDEN), after: shown(next, old ? HIDDEN_NEW : HIDDEN), effect },
    ];
  });
}

const HIDDEN = '(not shown)';
const HIDDEN_NEW = '(changed, not shown)';

function shown(value: Fact | undefined, hidden: string): string | null {
  if (value === undefined) return null;
  return value.secret ? hidden : value.text;
}

function loadBalancerFacts({ listeners, statsPage }: LoadBalancer): Facts {
  return {
    ...Object.fromEntries(
      listeners.map((listener, index) => [`listeners[${index}]`, fact(listenerInWords(listener), RELOAD)]),
    ),
    ...(statsPage !== null && { statsPage: fact(`${statsPage.address}:${statsPage.port}`, RELOAD) }),
  };
}

function listenerInWords({ address, port, targetGroup }: LoadBalancer['listeners'][number]): string {
  return `${address.includes(':') ? `[${address}]` : address}:${port} to ${targetGroup}`;
}

function targetGroupFacts({ algorithm, healthCheck, deregistrationDelayMs, slowStartMs }: TargetGroup): Facts {
  return {
    algorithm: fact(algorithm, RELOAD),
    'healthCheck.path': fact(healthCheck.path, RELOAD),
    'healthCheck.matcher': fact(healthCheck.matcher, RELOAD),
    'healthCheck.interval': fact(formatDuration(healthCheck.intervalMs), RELOAD),
    'healthCheck.fastInterval': fact(formatDuration(healthCheck.fastIntervalMs), RELOAD),
    'healthCheck.downInterval': fact(formatDuration(healthCheck.downIntervalMs), RELOAD),
    'healthCheck.timeout': fact(formatDuration(healthCheck.timeoutMs), RELOAD),
    'healthCheck.healthyThreshold': fact(healthCheck.healthyThreshold, RELOAD),
    'healthCheck.unhealthyThreshold': fact(healthCheck.unhealthyThreshold, RELOAD),
    deregistrationDelay: fact(formatDuration(deregistrationDelayMs), NEXT_DRAIN),
    slowStart: fact(formatDuration(slowStartMs), RELOAD),
  };
}

function historyFacts({ activityRows, sampleRows, terminatedInstanceRows }: History): Facts {
  return {
    activities: fact(activityRows, NEXT_START),
    samples: fact(sampleRows, NEXT_START),
    terminatedInstances: fact(terminatedInstanceRows, NEXT_START),
  };
}

function groupFacts(group: AutoScalingGroup): Facts {
  return {
    targetGroups: fact(`[${group.targetGroups.join(', ')}]`, REGISTERED),
    minSize: fact(group.minSize, NEXT_LOOK),
    maxSize: fact(group.maxSize, NEXT_LOOK),
    ...(group.desiredCapacity === null ? {} : { desiredCapacity: fact(group.desiredCapacity, NEXT_LOOK) }),
    ...(group.desiredCapacityFile !== null && { desiredCapacityFile: fact(group.desiredCapacityFile, NEXT_LOOK) }),
    healthCheckGracePeriod: fact(formatDuration(group.healthCheckGracePeriodMs), NEXT_LOOK),
    defaultInstanceWarmup: fact(formatDuration(group.defaultInstanceWarmupMs), NEXT_LOOK),
    launchTimeout: fact(formatDuration(group.launchTimeoutMs), NEXT_LOOK),
    'launchRetry.initialBackoff': fact(formatDuration(group.launchRetry.initialBackoffMs), NEXT_LOOK),
    'launchRetry.maxBackoff': fact(formatDuration(group.launchRetry.maxBackoffMs), NEXT_LOOK),
    'launchRetry.suspendAfter': fact(group.launchRetry.suspendAfter, NEXT_LOOK),
    terminationPolicies: fact(`[${group.terminationPolicies.join(', ')}]`, NEXT_LOOK),
    orphanGracePeriod: fact(formatDuration(group.orphanGracePeriodMs), NEXT_LOOK),
    ...launchTemplateFacts(group.launchTemplate),
  };
}

function launchTemplateFacts({ provider, weight, settings }: LaunchTemplate): Facts {
  const own = Object.entries(settings).flatMap(([key, value]) =>
    maySecretsBeBelow(key) ? secretSettings(key, value) : [setting(key, value)],
  );
  return {
    'launchTemplate.provider': fact(provider, NEXT_LAUNCH),
    'launchTemplate.weight': fact(weight, NEXT_LAUNCH),
    ...Object.fromEntries(own),
  };
}

/** Each variable by itself: which ones were added, removed or changed can be told without their values. */
function secretSettings(key: string, value: Json): (readonly [string, Fact])[] {
  const hidden = (part: Json): Fact => ({ text: JSON.stringify(part), effect: NEXT_LAUNCH, secret: true });
  const path = `launchTemplate.${key}`;
  if (typeof value !== 'object' || value === null) return [[path, hidden(value)]];
  return Object.entries(value).map(([name, part]) => [`${path}.${name}`, hidden(part)]);
}

/** By the providers' convention a duration is `stopTimeout: 10s` in the file and `stopTimeoutMs: 10000` in the settings. */
function setting(key: string, value: Json): readonly [string, Fact] {
  const [word, text] =
    key.endsWith('Ms') && typeof value === 'number'
      ? [key.slice(0, -2), formatDuration(value)]
      : [key, typeof value === 'string' ? value : JSON.stringify(value)];
  return [`launchTemplate.${word}`, fact(text, NEXT_LAUNCH)];
}
