/** What a person on call must know first: what is wrong, where, and since when. */

import type { FleetSummary, GroupSummary, Hold, InstanceStatus, LoadBalancerStatus, StoredActivity } from './api.ts';
import { byGroup, shownState } from './states.ts';
import { count } from './words.ts';

export interface Problem {
  readonly key: string;
  readonly level: 'error' | 'warning' | 'notice';
  /** Where: a group, a load balancer, the fleet. */
  readonly subject: string;
  readonly href: string;
  readonly message: string;
  /** Null where it is not known. */
  readonly since: number | null;
}

interface Known {
  readonly fleet: FleetSummary | null;
  readonly groups: ReadonlyMap<string, GroupSummary>;
  readonly loadBalancers: ReadonlyMap<string, LoadBalancerStatus>;
  readonly instances: ReadonlyMap<string, InstanceStatus>;
  readonly activities: readonly StoredActivity[];
}

const RANK = { error: 0, warning: 1, notice: 2 } as const;

/** Holds that are a brake and not the usual waiting of a healthy group. */
const ALARMING_HOLDS = new Set([
  'providerBlind',
  'loadBalancerBlind',
  'zoneUnseen',
  'launchBackoff',
  'launchSuspended',
  'launchHeld',
  'crashLoop',
  'healthBrake',
  'noCapacity',
  'rateLimited',
  'metricMissing',
  'cannotCommit',
  'defect',
]);

/** The worst first, and of those the oldest. */
export function problemsOf(known: Known): readonly Problem[] {
  const instances = byGroup(known.instances);
  const problems = [
    ...fleetProblems(known.fleet),
    ...[...known.loadBalancers.values()].flatMap((row) => balancerProblems(row, known.activities)),
    ...[...known.groups.values()].flatMap((row) => groupProblems(row, instances.get(row.name) ?? [], known.activities)),
  ];
  return problems.sort((a, b) => RANK[a.level] - RANK[b.level] || (a.since ?? 0) - (b.since ?? 0));
}

function fleetProblems(fleet: FleetSummary | null): readonly Problem[] {
  if (fleet === null) return [];
  const at = { subject: 'Fleet', href: '/fleet', since: null };
  const pending = fleet.pending.map(
    (message, index): Problem => ({ ...at, key: `pending ${index}`, level: 'error', message }),
  );
  const down: Problem = {
    ...at,
    key: 'down',
    level: 'warning',
    message: 'Everything in this fleet is being terminated.',
  };
  const defects: Problem = {
    ...at,
    key: 'defects',
    level: 'error',
    href: '/activities?level=error',
    message: `Drover met ${count(fleet.defects, 'error')} of its own; its log has them, please report them.`,
  };
  return [...pending, ...(fleet.mode === 'down' ? [down] : []), ...(fleet.defects > 0 ? [defects] : [])];
}

function balancerProblems(row: LoadBalancerStatus, activities: readonly StoredActivity[]): readonly Problem[] {
  const at = { subject: row.name, href: `/load-balancers/${encodeURIComponent(row.name)}` };
  const found: Problem[] = [];
  if (row.state !== 'running' || row.detail !== '') {
    const cause = activities.find(({ reason }) => reason.startsWith('loadBalancer'));
    found.push({
      ...at,
      key: `balancer ${row.name}`,
      level: row.state === 'starting' ? 'notice' : 'error',
      message: row.detail === '' ? `The load balancer is ${row.state}.` : row.detail,
      since: row.state === 'starting' ? null : (cause?.at ?? null),
    });
  }
  for (const { name, total, healthy, errors5xxPerSecond, queuedRequests } of row.targetGroups) {
    const key = `target group ${row.name}/${name}`;
    if (total > 0 && healthy === 0) {
      found.push({ ...at, key, level: 'error', message: `Target group ${name} has no healthy server.`, since: null });
    } else if (errors5xxPerSecond >= 0.1) {
      const message = `Target group ${name} answers ${errors5xxPerSecond.toFixed(1)} errors a second.`;
      found.push({ ...at, key, level: 'warning', message, since: null });
    } else if (queuedRequests > 0) {
      const message = `${count(queuedRequests, 'request')} wait for a server of target group ${name}.`;
      found.push({ ...at, key, level: 'warning', message, since: null });
    }
  }
  return found;
}

function groupProblems(
  row: GroupSummary,
  instances: readonly InstanceStatus[],
  activities: readonly StoredActivity[],
): readonly Problem[] {
  const at = { subject: row.name, href: `/groups/${encodeURIComponent(row.name)}` };
  const found: Problem[] = [];
  const newest = (...reasons: readonly string[]) =>
    activities.find(({ group, reason }) => group === row.name && reasons.includes(reason))?.at ?? null;
  if (row.launchSuspended !== null) {
    const since = newest('launchSuspended', 'launchHeld');
    found.push({ ...at, key: `${row.name} suspended`, level: 'error', message: row.launchSuspended, since });
  }
  for (const hold of row.holds) {
    if (!ALARMING_HOLDS.has(hold.code) || (hold.code === 'launchSuspended' && row.launchSuspended !== null)) continue;
    found.push({
      ...at,
      key: `${row.name} ${hold.code}`,
      level: 'warning',
      message: hold.message,
      since: sinceOf(hold, newest),
    });
  }
  const unhealthy = instances.filter((instance) => shownState(instance) === 'unhealthy');
  if (unhealthy.length > 0) {
    const since = Math.min(...unhealthy.map(({ since }) => since));
    const [first] = unhealthy;
    const which = unhealthy.length === 1 && first !== undefined ? `${first.id}: ${first.detail}` : 'see its instances';
    const message = `${count(unhealthy.length, 'server')} unhealthy (${which}).`;
    found.push({ ...at, key: `${row.name} unhealthy`, level: 'warning', message, since: newest('unhealthy') ?? since });
  }
  if (row.suspendedProcesses.length > 0) {
    const message = `Suspended by a person: ${row.suspendedProcesses.join(', ')}.`;
    found.push({ ...at, key: `${row.name} processes`, level: 'notice', message, since: newest('processSuspended') });
  }
  return found;
}

function sinceOf({ code }: Hold, newest: (...reasons: readonly string[]) => number | null): number | null {
  switch (code) {
    case 'healthBrake':
      return newest('replacementHeld');
    case 'launchBackoff':
      return newest('launchFailed');
    default:
      return newest(code);
  }
}
