/** What several keys of a fleet file must be true of together. */

import { isIPv6 } from 'node:net';
import { formatDuration } from '../../base/duration.ts';
import { didYouMean } from '../../base/suggest.ts';
import type { AutoScalingGroup, Fleet, TargetGroup } from '../../model/fleet.ts';
import type { Problem } from '../../settings/explain.ts';
import { MAX_ROUND_ROBIN_SERVERS } from '../../settings/fields.ts';
import { formatPath, type Path } from '../../settings/path.ts';
import type { ProviderSchemaSource, TemplateUse } from '../../settings/settings-schema.ts';
import { providerNamed } from '../providers.ts';
import { checkScaling, highestMaxSize } from './scaling-checks.ts';

export function checkFleet(fleet: Fleet, providers: ReadonlyMap<string, ProviderSchemaSource>): Problem[] {
  return [
    ...checkReferences(fleet),
    ...checkNotifiedGroups(fleet),
    ...checkOneLoadBalancer(fleet),
    ...checkAddresses(fleet),
    ...checkDesiredCapacityFiles(fleet),
    ...checkRoundRobin(fleet),
    ...fleet.targetGroups.flatMap(checkHealthCheck),
    ...fleet.autoScalingGroups.flatMap(checkGroup),
    ...checkScaling(fleet),
    ...checkProviders(fleet, providers),
    ...checkLaunchTemplates(fleet, providers),
    ...checkPlacements(fleet, providers),
    ...checkPorts(fleet, providers),
  ];
}

function checkReferences(fleet: Fleet): Problem[] {
  const known = fleet.targetGroups.map(({ name }) => name);
  return references(fleet)
    .filter(({ targetGroup }) => !known.includes(targetGroup))
    .map(({ path, targetGroup }) => ({
      path,
      message: `there is no target group ${targetGroup}; ${didYouMean(targetGroup, known)}`,
    }));
}

function checkNotifiedGroups({ autoScalingGroups, notifications }: Fleet): Problem[] {
  const known = autoScalingGroups.map(({ name }) => name);
  return notifications.flatMap(({ name, groups }) => [
    ...groups.flatMap((group, index): Problem[] =>
      known.includes(group)
        ? []
        : [
            {
              path: ['notifications', name, 'groups', index],
              message: `there is no auto scaling group ${group}; ${didYouMean(group, known)}`,
            },
          ],
    ),
    ...repeated(groups, ['notifications', name, 'groups']),
  ]);
}

function references(fleet: Fleet): { path: Path; targetGroup: string }[] {
  return [
    ...listenersOf(fleet).map(({ path, listener }) => ({
      path: [...path, 'targetGroup'],
      targetGroup: listener.targetGroup,
    })),
    ...fleet.autoScalingGroups.flatMap((group) =>
      group.targetGroups.map((targetGroup, index) => ({
        path: ['autoScalingGroups', group.name, 'targetGroups', index],
        targetGroup,
      })),
    ),
  ];
}

function listenersOf(fleet: Fleet) {
  return fleet.loadBalancers.flatMap((loadBalancer) =>
    loadBalancer.listeners.map((listener, index) => ({
      path: ['loadBalancers', loadBalancer.name, 'listeners', index],
      loadBalancer: loadBalancer.name,
      listener,
    })),
  );
}

/** Two HAProxies would each see half of a target group's traffic and disagree about its health. */
function checkOneLoadBalancer(fleet: Fleet): Problem[] {
  const owners = new Map<string, string>();
  return listenersOf(fleet).flatMap(({ path, loadBalancer, listener: { targetGroup } }) => {
    const owner = owners.get(targetGroup) ?? loadBalancer;
    owners.set(targetGroup, owner);
    if (owner === loadBalancer) return [];
    const message = `target group ${targetGroup} is behind load balancer ${owner} already; give this one a target group of its own`;
    return [{ path: [...path, 'targetGroup'], message }];
  });
}

function checkAddresses(fleet: Fleet): Problem[] {
  const taken: { path: Path; address: string; port: number }[] = [];
  return addressesOf(fleet).flatMap((one) => {
    const other = taken.find(({ address, port }) => port === one.port && overlap(address, one.address));
    taken.push(one);
    if (other === undefined) return [];
    const message = `${formatPath(other.path)} listens on port ${one.port} already; choose another port`;
    return [{ path: [...one.path, 'port'], message }];
  });
}

/** Of listeners and statistics pages. */
function addressesOf(fleet: Fleet): { readonly path: Path; readonly address: string; readonly port: number }[] {
  const pages = fleet.loadBalancers.flatMap(({ name, statsPage }) =>
    statsPage === null ? [] : [{ path: ['loadBalancers', name, 'statsPage'], ...statsPage }],
  );
  return [...listenersOf(fleet).map(({ path, listener }) => ({ path, ...listener })), ...pages];
}

/** `::` takes the IPv4 addresses too, as Linux has it by default. */
function overlap(a: string, b: string): boolean {
  if (a === b || a === '::' || b === '::') return true;
  return (a === '0.0.0.0' && !isIPv6(b)) || (b === '0.0.0.0' && !isIPv6(a));
}

/** What a group of the fleet asks of its launch template. */
export function templateUse(fleet: Fleet, group: AutoScalingGroup): TemplateUse {
  const listeners = addressesOf(fleet).map(({ path, address, port }) => ({ where: formatPath(path), address, port }));
  return { maxSize: highestMaxSize(group), listeners };
}

/** A type's own name stands for that type, wherever it is read. */
function checkProviders(fleet: Fleet, types: ReadonlyMap<string, ProviderSchemaSource>): Problem[] {
  return fleet.providers.flatMap(({ name, type }) =>
    types.has(name) && type !== name
      ? [{ path: ['providers', name], message: `${name} is the name of a provider type; give this one another name` }]
      : [],
  );
}

function checkLaunchTemplates(fleet: Fleet, types: ReadonlyMap<string, ProviderSchemaSource>): Problem[] {
  return fleet.autoScalingGroups.flatMap((group) => {
    const { provider, settings } = group.launchTemplate;
    const problems =
      types.get(providerNamed(fleet, provider).type)?.settingsProblems?.(settings, templateUse(fleet, group)) ?? [];
    return problems.map(({ path, message }) => ({
      path: ['autoScalingGroups', group.name, 'launchTemplate', ...path],
      message,
    }));
  });
}

/** What a launch template asks for has to be what its provider has. */
function checkPlacements(fleet: Fleet, types: ReadonlyMap<string, ProviderSchemaSource>): Problem[] {
  return fleet.autoScalingGroups.flatMap(({ name, launchTemplate }): Problem[] => {
    const { type, settings } = providerNamed(fleet, launchTemplate.provider);
    const capabilities = types.get(type)?.capabilities?.(settings);
    if (capabilities === undefined) return [];
    const path = ['autoScalingGroups', name, 'launchTemplate'];
    const whose = `provider ${launchTemplate.provider}`;
    const zones = launchTemplate.zones.flatMap((zone, index) => {
      if (capabilities.zones.includes(zone)) return [];
      const hint = capabilities.zones.length === 0 ? 'leave zones out' : didYouMean(zone, capabilities.zones);
      return [{ path: [...path, 'zones', index], message: `${whose} has no zone ${JSON.stringify(zone)}; ${hint}` }];
    });
    if (launchTemplate.instanceTypes.length === 0 || capabilities.instanceTypes) return zones;
    return [...zones, { path: [...path, 'instanceTypes'], message: `${whose} has no instance types; leave them out` }];
  });
}

/** A target group names the port of its servers, unless their provider gives each one of its own. */
function checkPorts(fleet: Fleet, types: ReadonlyMap<string, ProviderSchemaSource>): Problem[] {
  return fleet.targetGroups.flatMap(({ name, port, healthCheck }) => {
    const path = ['targetGroups', name];
    const users = fleet.autoScalingGroups.filter(({ targetGroups }) => targetGroups.includes(name));
    const problems = users.flatMap(({ name: group, launchTemplate: { provider } }): Problem[] => {
      const { type, settings } = providerNamed(fleet, provider);
      const ports = types.get(type)?.capabilities?.(settings).ports;
      const whose = `provider ${provider} of group ${group}`;
      if (ports === 'direct' && port === null)
        return [{ path, message: `port is missing: servers of ${whose} are reached at the port that they listen on` }];
      if (ports !== 'assigned') return [];
      const message = `${whose} gives each server a port of its own; leave it out`;
      return [
        ...(port === null ? [] : [{ path: [...path, 'port'], message }]),
        ...(healthCheck.port === null ? [] : [{ path: [...path, 'healthCheck', 'port'], message }]),
      ];
    });
    // Once, however many groups have the same fault.
    return problems.filter(
      (one, index) => problems.findIndex((other) => formatPath(other.path) === formatPath(one.path)) === index,
    );
  });
}

function checkDesiredCapacityFiles(fleet: Fleet): Problem[] {
  const owners = new Map<string, string>();
  return fleet.autoScalingGroups.flatMap(({ name, desiredCapacityFile }) => {
    if (desiredCapacityFile === null) return [];
    const owner = owners.get(desiredCapacityFile);
    owners.set(desiredCapacityFile, owner ?? name);
    if (owner === undefined) return [];
    const message = `group ${owner} is sized by this file already; give each group a file of its own`;
    return [{ path: ['autoScalingGroups', name, 'desiredCapacityFile'], message }];
  });
}

function checkRoundRobin(fleet: Fleet): Problem[] {
  return fleet.targetGroups.flatMap(({ name, algorithm }) => {
    if (algorithm !== 'roundRobin' && algorithm !== 'weightedRoundRobin') return [];
    const servers = fleet.autoScalingGroups
      .filter(({ targetGroups }) => targetGroups.includes(name))
      .reduce((sum, group) => sum + highestMaxSize(group), 0);
    if (servers <= MAX_ROUND_ROBIN_SERVERS) return [];
    const message = `${algorithm} takes at most ${MAX_ROUND_ROBIN_SERVERS} servers and its groups may have ${servers}; use leastConnections or random, or lower maxSize`;
    return [{ path: ['targetGroups', name, 'algorithm'], message }];
  });
}

function checkHealthCheck({ name, healthCheck }: TargetGroup): Problem[] {
  const path = ['targetGroups', name, 'healthCheck'];
  const interval = formatDuration(healthCheck.intervalMs);
  const problems: Problem[] = [];
  if (healthCheck.timeoutMs > healthCheck.intervalMs) {
    const message = `timeout is more than interval (${interval}); make it ${interval} or less, so that checks do not pile up`;
    problems.push({ path: [...path, 'timeout'], message });
  }
  if (healthCheck.fastIntervalMs > healthCheck.intervalMs) {
    const message = `fastInterval is more than interval (${interval}); make it ${interval} or less`;
    problems.push({ path: [...path, 'fastInterval'], message });
  }
  return problems;
}

function checkGroup(group: AutoScalingGroup): Problem[] {
  const path = ['autoScalingGroups', group.name];
  const { minSize, maxSize, desiredCapacity, launchRetry, terminationPolicies } = group;
  const problems: Problem[] = [];
  if (minSize > maxSize) {
    const message = `minSize is more than maxSize (${maxSize}); lower it, or raise maxSize`;
    problems.push({ path: [...path, 'minSize'], message });
  } else if (desiredCapacity !== null && (desiredCapacity < minSize || desiredCapacity > maxSize)) {
    const message = `it must be from minSize (${minSize}) to maxSize (${maxSize})`;
    problems.push({ path: [...path, 'desiredCapacity'], message });
  }
  if (launchRetry.initialBackoffMs > launchRetry.maxBackoffMs) {
    const message = `initialBackoff is more than maxBackoff (${formatDuration(launchRetry.maxBackoffMs)})`;
    problems.push({ path: [...path, 'launchRetry', 'initialBackoff'], message });
  }
  problems.push(...repeated(group.targetGroups, [...path, 'targetGroups']));
  problems.push(...repeated(terminationPolicies, [...path, 'terminationPolicies']));
  const early = terminationPolicies.slice(0, -1).indexOf('Default');
  if (early >= 0) {
    const message = 'Default always decides, so those after it would never be asked; put it last';
    problems.push({ path: [...path, 'terminationPolicies', early], message });
  }
  return problems;
}

function repeated(list: readonly string[], path: Path): Problem[] {
  return list.flatMap((item, index) =>
    list.indexOf(item) < index ? [{ path: [...path, index], message: `${item} is named twice; leave one out` }] : [],
  );
}
