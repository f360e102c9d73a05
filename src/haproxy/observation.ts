/** What HAProxy says, in the words of the port. */

import type { Target, TargetGroupObservation, TargetHealth, Traffic } from '../model/observation.ts';
import { failureInWords } from './check-words.ts';
import { authority } from './members.ts';
import type { Check, Report, ServerReport } from './report.ts';
import { backendOf, instanceOf, type ServerKey, serverKey, serverNameOf, standInOf } from './servers.ts';
import type { LastHealthy } from './state-file.ts';

/** What one observation leaves for the next. */
export interface Memory {
  readonly idleObservations: ReadonlyMap<ServerKey, number>;
  /** What was said of unhealthy targets, by key and address: a restart of HAProxy does not make them new. */
  readonly unhealthy: ReadonlyMap<string, string>;
  /** Who was ever healthy here: it is not new when it comes back. */
  readonly healthy: LastHealthy;
  /** The last observation's servers and what was made of them; null where it was more than they say. */
  readonly seen: {
    readonly servers: Report['servers'];
    readonly targets: ReadonlyMap<string, readonly Target[]>;
  } | null;
}

export const NO_MEMORY: Memory = { idleObservations: new Map(), unhealthy: new Map(), healthy: new Map(), seen: null };

/**
 * @param report with the traffic of all workers, as far as they could be asked
 * @param forgotten servers that only workers of earlier configurations still know, with requests open
 * @param partial not all workers could be asked: who seems idle may not be
 */
export function observation(
  report: Report,
  forgotten: ReadonlyMap<ServerKey, Traffic>,
  partial: boolean,
  memory: Memory,
): { readonly targetGroups: readonly TargetGroupObservation[]; readonly memory: Memory } {
  const { seen } = memory;
  // Nothing is new about any server: nothing is counted, from observation to observation, but idle ones.
  if (seen?.servers === report.servers && forgotten.size === 0 && memory.idleObservations.size === 0)
    return { targetGroups: targetGroupsOf(report, seen.targets), memory };
  const idleObservations = new Map<ServerKey, number>();
  const unhealthy = new Map<string, string>();
  const targets = new Map<string, Target[]>([...report.backends.keys()].map((name) => [name, []]));
  for (const [key, server] of report.servers) {
    const instanceId = instanceOf(server.name);
    const member = serverKey(server.backend, instanceId);
    const standIn = serverKey(server.backend, standInOf(instanceId));
    // A stand-in is part of what is said of its member, for as long as that is there.
    if (key !== member && report.servers.has(member)) continue;
    const place = placeOf(key, server);
    const { health, detail } = healthOf(server, memory.unhealthy.get(place), memory.healthy.has(key));
    if (health === 'unhealthy') unhealthy.set(place, detail);
    const beside = [key === member ? report.servers.get(standIn)?.traffic : undefined, forgotten.get(standIn)];
    const traffic = beside.reduce(sum, server.traffic);
    const idle = !partial && health === 'draining' && traffic.openRequests + traffic.queuedRequests === 0;
    const count = idle ? (memory.idleObservations.get(member) ?? 0) + 1 : 0;
    if (idle) idleObservations.set(member, count);
    targets.get(server.backend)?.push({ instanceId, health, detail, idleObservations: count, traffic });
  }
  const named = new Set<ServerKey>();
  for (const [key, traffic] of forgotten) {
    const instanceId = instanceOf(serverNameOf(key));
    const member = serverKey(backendOf(key), instanceId);
    const known = targets.get(backendOf(key));
    // Shown already, by itself, its stand-in, or what another old process knows.
    const isShown = report.servers.has(member) || report.servers.has(serverKey(backendOf(key), standInOf(instanceId)));
    if (known === undefined || isShown || named.has(member)) continue;
    named.add(member);
    known.push({
      instanceId,
      health: 'unavailable',
      detail: 'served by an old process only',
      idleObservations: 0,
      traffic,
    });
  }
  return {
    targetGroups: targetGroupsOf(report, targets),
    memory: {
      idleObservations,
      unhealthy,
      healthy: healthyServers(report, memory.healthy),
      seen: forgotten.size === 0 ? { servers: report.servers, targets } : null,
    },
  };
}

function targetGroupsOf(
  { backends }: Report,
  targets: ReadonlyMap<string, readonly Target[]>,
): readonly TargetGroupObservation[] {
  return [...backends].map(([name, traffic]) => {
    const members = targets.get(name) ?? [];
    const queuedRequests = members.reduce((queued, one) => queued + one.traffic.queuedRequests, traffic.queuedRequests);
    return { name, traffic: { ...traffic, queuedRequests }, targets: members };
  });
}

/**
 * Which servers are in service, for the state file. A draining server's last check decides: its status does not say.
 * What is unknown (a server in maintenance) stays as it was.
 *
 * @returns the very same when nothing has changed
 */
export function healthyServers(report: Report, before: LastHealthy): LastHealthy {
  const healthy = new Map<ServerKey, string>();
  let isSame = true;
  for (const [key, server] of report.servers) {
    const address = authority(server);
    const was = before.get(key) === address;
    const is =
      server.admin === 'drain'
        ? server.status.startsWith('DRAIN') && hasPassed(server.check)
        : server.admin === 'ready'
          ? server.status.startsWith('UP')
          : was;
    if (is) healthy.set(key, address);
    if (is !== was) isSame = false;
  }
  return isSame && healthy.size === before.size ? before : healthy;
}

function healthOf(
  { admin, checked, status, check }: ServerReport,
  knownUnhealthy: string | undefined,
  wasHealthy: boolean,
): { readonly health: TargetHealth; readonly detail: string } {
  const detail = detailOf(check);
  if (admin === 'maintenance') return { health: 'unavailable', detail: '' };
  if (admin === 'drain') return { health: 'draining', detail };
  if (!checked) return { health: 'unavailable', detail: 'not checked' };
  if (status.startsWith('UP')) return { health: 'healthy', detail };
  const undecided = isInitial(check) || hasPassed(check);
  if (!undecided) return { health: 'unhealthy', detail };
  if (knownUnhealthy !== undefined) return { health: 'unhealthy', detail: knownUnhealthy };
  // Down although its last check passed: it needs more of them. It is new unless it was in service before.
  return wasHealthy ? { health: 'unhealthy', detail: check.status } : { health: 'initial', detail: '' };
}

/** Empty for a check that passed. */
function detailOf(check: Check): string {
  return hasPassed(check) || isInitial(check) ? '' : failureInWords(check);
}

function isInitial({ status }: Check): boolean {
  return status === '' || status === 'INI' || status === 'UNK';
}

function hasPassed({ status }: Check): boolean {
  return /^L[467]OKC?$/.test(status);
}

function placeOf(key: ServerKey, server: ServerReport): string {
  return `${key} ${authority(server)}`;
}

function sum(here: Traffic, beside: Traffic | undefined): Traffic {
  if (beside === undefined) return here;
  return {
    ...here,
    openRequests: here.openRequests + beside.openRequests,
    queuedRequests: here.queuedRequests + beside.queuedRequests,
    requestsTotal: here.requestsTotal + beside.requestsTotal,
    responsesTotal: here.responsesTotal + beside.responsesTotal,
    errors5xxTotal: here.errors5xxTotal + beside.errors5xxTotal,
    connectionErrorsTotal: here.connectionErrorsTotal + beside.connectionErrorsTotal,
    responseErrorsTotal: here.responseErrorsTotal + beside.responseErrorsTotal,
    retriesTotal: here.retriesTotal + beside.retriesTotal,
  };
}
