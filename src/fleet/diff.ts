import { formatByteSize } from '../base/byte-size.ts';
import { formatDuration } from '../base/duration.ts';
import type {
  AutoScalingGroup,
  Fleet,
  History,
  LaunchTemplate,
  LoadBalancer,
  TargetGroup,
  TerminationCommand,
} from '../model/fleet.ts';
import type { JsonObject } from '../model/json.ts';
import type { FleetChange } from './change.ts';
import { diffNotifications } from './diff-notifications.ts';
import { diffScaling } from './diff-scaling.ts';
import {
  diffFacts,
  diffNamed,
  effect,
  type Facts,
  fact,
  type IsShown,
  NEXT_CHECK,
  NOTHING_SHOWN,
  type ShownSettings,
  settingFacts,
} from './facts.ts';
import { isSameProvider, providerNamed } from './providers.ts';

const RENAMED = effect('replace', "refused: servers carry their fleet's name; end this fleet with `drover down` first");
const FIRST = effect('create', 'the first version of the fleet');
const PROVIDER_ADDED = effect('create', 'servers may come from it');
const PROVIDER_CHANGED = effect('replace', 'the provider is opened anew; refused while servers from it run');
const PROVIDER_IMPLIED = effect('change', "nothing: a type's own name stands for it without an entry too");
const PROVIDER_REMOVED = effect('destroy', 'it is closed; refused while servers from it run');
const HAPROXY_STARTED = effect('create', 'an HAProxy is started for it');
const HAPROXY_STOPPED = effect('destroy', 'its HAProxy is stopped');
const RELOAD = effect('change', 'HAProxy is reloaded; open requests go on, up to hardStopAfter');
const TARGETS_ADDED = effect('create', RELOAD.words);
const TARGETS_REMOVED = effect('destroy', RELOAD.words);
const NEXT_PRUNING = effect('change', 'takes effect within ten minutes');
const MOVED = effect(
  'change',
  'requests and checks go to that port of each server at once, so each must listen there before; HAProxy is not reloaded',
);
const CHECKED_THERE = effect('change', 'health checks go there from then on; HAProxy is not reloaded');
const NEXT_DRAIN = effect('change', 'takes effect for servers that begin to drain from then on');
const NEXT_LAUNCH = effect('replace', 'new servers only; running ones stay as they are');
const NEXT_END = effect('change', 'takes effect for servers that are terminated from then on');
const REGISTERED = effect('change', 'running servers are registered or deregistered; none is replaced');
const GROUP_STARTED = effect('create', 'its servers are launched');
const GROUP_ENDED = effect(
  'destroy',
  'nothing more is launched for it; refused while it has servers, so scale it to 0 first',
);

/** Which settings of a launch template may be shown, by the name of its provider. */
type ShownTemplate = (provider: string, settings: JsonObject) => IsShown;

/** What differs between two fleets, in the words of the fleet file, and what applying each difference does. Settings are shown where `shown` says so. */
export function diffFleets(before: Fleet, after: Fleet, shown: ShownSettings = NOTHING_SHOWN): FleetChange[] {
  const ofTemplate: ShownTemplate = (provider, settings) => {
    const types = [after, before].flatMap(({ providers }) => providers.filter(({ name }) => name === provider));
    const type = types[0]?.type ?? provider;
    // Where the name stood for another type, what its words mean is not known for both.
    return types.every((one) => one.type === type) ? shown.launchTemplate(type, settings) : () => false;
  };
  return [
    ...diffFacts('', nameFacts(before, before), nameFacts(after, before)),
    ...diffNamed('providers', before.providers, after.providers, {
      summary: ({ type }) => type,
      facts: ({ type, settings }) => ({
        type: fact(type, PROVIDER_CHANGED),
        ...settingFacts(settings, shown.provider(type, settings), PROVIDER_CHANGED),
      }),
      added: (one) => (isSameProvider(one, providerNamed(before, one.name)) ? PROVIDER_IMPLIED : PROVIDER_ADDED),
      removed: (one) => (isSameProvider(one, providerNamed(after, one.name)) ? PROVIDER_IMPLIED : PROVIDER_REMOVED),
    }),
    ...diffNamed('loadBalancers', before.loadBalancers, after.loadBalancers, {
      summary: (loadBalancer) => loadBalancer.listeners.map(listenerInWords).join(', '),
      facts: loadBalancerFacts,
      added: HAPROXY_STARTED,
      removed: HAPROXY_STOPPED,
    }),
    ...diffNamed('targetGroups', before.targetGroups, after.targetGroups, {
      summary: ({ algorithm }) => algorithm,
      facts: targetGroupFacts,
      added: TARGETS_ADDED,
      removed: TARGETS_REMOVED,
    }),
    ...diffNamed('autoScalingGroups', before.autoScalingGroups, after.autoScalingGroups, {
      summary: ({ minSize, maxSize }) => `from ${minSize} to ${maxSize} servers`,
      facts: (group) => groupFacts(group, ofTemplate),
      parts: (old, next, path) => diffScaling(old, next, path, shown),
      added: GROUP_STARTED,
      removed: GROUP_ENDED,
    }),
    ...diffNotifications(before.notifications, after.notifications, shown),
    ...diffFacts('history.', historyFacts(before.history), historyFacts(after.history)),
  ];
}

/** Before its first version a fleet has no name, and no servers that carry it. */
function nameFacts({ name }: Fleet, before: Fleet): Facts {
  return name === '' ? {} : { fleet: fact(name, before.name === '' ? FIRST : RENAMED) };
}

function loadBalancerFacts(loadBalancer: LoadBalancer): Facts {
  const { listeners, statsPage, idleTimeoutMs, maxHeaderBytes, maxConnections, threads, user, hardStopAfterMs } =
    loadBalancer;
  return {
    ...Object.fromEntries(listeners.flatMap(listenerFacts)),
    ...(statsPage !== null && { statsPage: fact(`${statsPage.address}:${statsPage.port}`, RELOAD) }),
    idleTimeout: fact(formatDuration(idleTimeoutMs), RELOAD),
    maxHeaderSize: fact(formatByteSize(maxHeaderBytes), RELOAD),
    maxConnections: fact(maxConnections, RELOAD),
    ...(threads !== null && { threads: fact(threads, RELOAD) }),
    ...(user !== null && { user: fact(user, RELOAD) }),
    hardStopAfter: fact(formatDuration(hardStopAfterMs), RELOAD),
  };
}

function listenerFacts(listener: LoadBalancer['listeners'][number], index: number) {
  const path = `listeners[${index}]`;
  const networks = listener.trustedProxies;
  return [
    [path, fact(listenerInWords(listener), RELOAD)],
    ...(networks.length > 0 ? [[`${path}.trustedProxies`, fact(`[${networks.join(', ')}]`, RELOAD)]] : []),
  ];
}

function listenerInWords({ address, port, targetGroup }: LoadBalancer['listeners'][number]): string {
  return `${address.includes(':') ? `[${address}]` : address}:${port} to ${targetGroup}`;
}

function targetGroupFacts(targetGroup: TargetGroup): Facts {
  const { algorithm, healthCheck, outlierDetection, deregistrationDelayMs, slowStartMs, maxConnectionsPerTarget } =
    targetGroup;
  return {
    algorithm: fact(algorithm, RELOAD),
    ...(targetGroup.port !== null && { port: fact(targetGroup.port, MOVED) }),
    ...(healthCheck.port !== null && { 'healthCheck.port': fact(healthCheck.port, CHECKED_THERE) }),
    'healthCheck.method': fact(healthCheck.method, RELOAD),
    'healthCheck.host': fact(healthCheck.host, RELOAD),
    ...Object.fromEntries(
      healthCheck.headers.map(({ name, value }) => [
        `healthCheck.headers.${name}`,
        { text: value, effect: RELOAD, secret: true },
      ]),
    ),
    'healthCheck.path': fact(healthCheck.path, RELOAD),
    'healthCheck.matcher': fact(healthCheck.matcher, RELOAD),
    'healthCheck.interval': fact(formatDuration(healthCheck.intervalMs), RELOAD),
    'healthCheck.fastInterval': fact(formatDuration(healthCheck.fastIntervalMs), RELOAD),
    'healthCheck.downInterval': fact(formatDuration(healthCheck.downIntervalMs), RELOAD),
    'healthCheck.timeout': fact(formatDuration(healthCheck.timeoutMs), RELOAD),
    'healthCheck.healthyThreshold': fact(healthCheck.healthyThreshold, RELOAD),
    'healthCheck.unhealthyThreshold': fact(healthCheck.unhealthyThreshold, RELOAD),
    'outlierDetection.action': fact(outlierDetection.action, NEXT_CHECK),
    'outlierDetection.interval': fact(formatDuration(outlierDetection.intervalMs), NEXT_CHECK),
    'outlierDetection.minRequests': fact(outlierDetection.minRequests, NEXT_CHECK),
    'outlierDetection.errorShare': fact(outlierDetection.errorShare, NEXT_CHECK),
    'outlierDetection.consecutiveIntervals': fact(outlierDetection.consecutiveIntervals, NEXT_CHECK),
    deregistrationDelay: fact(formatDuration(deregistrationDelayMs), NEXT_DRAIN),
    slowStart: fact(formatDuration(slowStartMs), RELOAD),
    ...(maxConnectionsPerTarget !== null && { maxConnectionsPerTarget: fact(maxConnectionsPerTarget, RELOAD) }),
    queueTimeout: fact(formatDuration(targetGroup.queueTimeoutMs), RELOAD),
    connectionReuse: fact(targetGroup.connectionReuse, RELOAD),
  };
}

function historyFacts({ activityRows, sampleRows, terminatedInstanceRows }: History): Facts {
  return {
    activities: fact(activityRows, NEXT_PRUNING),
    samples: fact(sampleRows, NEXT_PRUNING),
    terminatedInstances: fact(terminatedInstanceRows, NEXT_PRUNING),
  };
}

function groupFacts(group: AutoScalingGroup, shown: ShownTemplate): Facts {
  return {
    targetGroups: fact(`[${group.targetGroups.join(', ')}]`, REGISTERED),
    minSize: fact(group.minSize, NEXT_CHECK),
    maxSize: fact(group.maxSize, NEXT_CHECK),
    ...(group.desiredCapacity === null ? {} : { desiredCapacity: fact(group.desiredCapacity, NEXT_CHECK) }),
    ...(group.desiredCapacityFile !== null && { desiredCapacityFile: fact(group.desiredCapacityFile, NEXT_CHECK) }),
    healthCheckGracePeriod: fact(formatDuration(group.healthCheckGracePeriodMs), NEXT_CHECK),
    defaultInstanceWarmup: fact(formatDuration(group.defaultInstanceWarmupMs), NEXT_CHECK),
    launchTimeout: fact(formatDuration(group.launchTimeoutMs), NEXT_CHECK),
    'launchRetry.initialBackoff': fact(formatDuration(group.launchRetry.initialBackoffMs), NEXT_CHECK),
    'launchRetry.maxBackoff': fact(formatDuration(group.launchRetry.maxBackoffMs), NEXT_CHECK),
    ...(group.probeBeforeRegistration && { probeBeforeRegistration: fact('true', NEXT_LAUNCH) }),
    ...terminationCommandFacts(group.terminationCommand),
    'launchRetry.suspendAfter': fact(group.launchRetry.suspendAfter, NEXT_CHECK),
    terminationPolicies: fact(`[${group.terminationPolicies.join(', ')}]`, NEXT_CHECK),
    orphanGracePeriod: fact(formatDuration(group.orphanGracePeriodMs), NEXT_CHECK),
    ...launchTemplateFacts(group.launchTemplate, shown),
  };
}

/** Its arguments may be secret: they are compared and not shown. */
function terminationCommandFacts(command: TerminationCommand | null): Facts {
  if (command === null) return {};
  return {
    'terminationCommand.command': { text: JSON.stringify(command.command), effect: NEXT_END, secret: true },
    'terminationCommand.workingDirectory': fact(command.workingDirectory, NEXT_END),
    'terminationCommand.timeout': fact(formatDuration(command.timeoutMs), NEXT_END),
  };
}

function launchTemplateFacts(template: LaunchTemplate, shown: ShownTemplate): Facts {
  const { provider, weight, zones, instanceTypes, settings } = template;
  return {
    'launchTemplate.provider': fact(provider, NEXT_LAUNCH),
    'launchTemplate.weight': fact(weight, NEXT_LAUNCH),
    ...(zones.length > 0 && { 'launchTemplate.zones': fact(`[${zones.join(', ')}]`, NEXT_LAUNCH) }),
    ...(instanceTypes.length > 0 && {
      'launchTemplate.instanceTypes': fact(`[${instanceTypes.join(', ')}]`, NEXT_LAUNCH),
    }),
    ...settingFacts(settings, shown(provider, settings), NEXT_LAUNCH, 'launchTemplate.'),
  };
}
