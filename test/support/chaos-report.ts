import type { ActivityReason, StoredActivity } from '../../src/model/activity.ts';
import type { Chaos } from './chaos.ts';
import type { FailedRequest, LoadResult } from './load.ts';

/** Around what is wrong, so much of the story is told. */
const TOLD_MS = 5_000;
const TOLD_FAILURES = 20;

/** What a chaos run came to, all of it with times in milliseconds since the epoch. */
export interface ChaosResult {
  readonly seed: number;
  readonly startedAt: number;
  readonly chaos: Chaos;
  readonly load: LoadResult;
  /** What failed of the other kinds of client, apart from what is lost with a server. */
  readonly failed: readonly FailedRequest[];
  readonly activities: readonly StoredActivity[];
}

/** The failed requests that no outage of HAProxy explains: neither begun, nor open, nor ended in one. */
export function unexplained({ chaos, load, failed }: ChaosResult): readonly FailedRequest[] {
  return [...load.failed, ...failed].filter(
    ({ startedAt, endedAt }) => !chaos.outages.some(({ from, until }) => startedAt <= until && endedAt >= from),
  );
}

/** Events without the activities that have to tell of them, and activities that no event explains. */
export function untold({ chaos, activities }: ChaosResult): string[] {
  const found: string[] = [];
  const of = (instanceId: string): readonly ActivityReason[] =>
    activities.filter((activity) => activity.instanceId === instanceId).map(({ reason }) => reason);
  const count = (reason: ActivityReason) => activities.filter((activity) => activity.reason === reason).length;
  const killed = new Set<string>();
  for (const { kind, instanceId } of chaos.blows) {
    if (instanceId === null) continue;
    const reasons = of(instanceId);
    if (!reasons.includes('launch')) found.push(`${instanceId}: nothing tells of its launch`);
    if (!reasons.includes('terminated')) found.push(`${instanceId}: nothing tells of its end (${kind})`);
    if (kind !== 'kill server') continue;
    killed.add(instanceId);
    // Killed after it had been drained, it was to be ended anyway.
    const why: readonly ActivityReason[] = ['machineStopped', 'drained', 'drainTimedOut'];
    if (!why.some((reason) => reasons.includes(reason))) found.push(`${instanceId}: nothing tells that it stopped`);
  }
  for (const { instanceId, reason } of activities) {
    if (reason === 'machineStopped' && !killed.has(instanceId ?? '')) found.push(`${instanceId}: stopped by itself`);
  }
  for (const reason of ['machineGone', 'adopted', 'orphanFound', 'orphanEnded'] as const) {
    if (count(reason) > 0) found.push(`${reason} ${count(reason)} times, though every machine has its record`);
  }
  const launches = activities.filter(({ reason }) => reason === 'launch').map(({ instanceId }) => instanceId);
  if (new Set(launches).size < launches.length) found.push('an instance was launched twice');
  const restarts = count('loadBalancerStarted') - 1;
  const outages = chaos.outages.length;
  if (restarts < outages) found.push(`HAProxy was started again ${restarts} times, after ${outages} outages`);
  const starts = count('controllerStarted');
  if (starts < chaos.answered || starts > chaos.spawned) {
    found.push(`controllerStarted ${starts} times: ${chaos.spawned} were started, ${chaos.answered} came to answer`);
  }
  return found;
}

/** One line of figures. */
export function summary(result: ChaosResult): string {
  const { chaos, load, activities } = result;
  const kinds = Map.groupBy(chaos.blows, ({ kind }) => kind);
  const blows = [...kinds].map(([kind, { length }]) => `${kind} ${length}`).join(', ');
  const awayMs = chaos.outages.map(({ from, until }) => until - from);
  const failed = unexplained(result).length;
  const excused = load.failed.length + result.failed.length - failed;
  return [
    `seed ${result.seed}: ${load.requests} requests, ${failed} failed, the slowest took ${load.slowestMs} ms`,
    `${excused} more failed while HAProxy was dead (${chaos.outages.length} times, ${awayMs.join(', ')} ms)`,
    `${blows}; at most ${chaos.most} machines; ${activities.length} activities`,
  ].join('\n');
}

/**
 * For a person: what was done, what Drover told and which requests failed, around those given, which are told in any case, or altogether.
 */
export function timeline(result: ChaosResult, lost: readonly FailedRequest[]): string {
  const { startedAt, chaos, load, activities } = result;
  const failed = (lost.length > 0 ? lost : load.failed).slice(0, TOLD_FAILURES);
  const entries = [
    ...chaos.blows.map(({ at, kind, what }) => ({ at, text: `>> ${kind} ${what}` })),
    ...chaos.outages.map(({ until }) => ({ at: until, text: '>> HAProxy answers again' })),
    ...activities.map(({ at, reason, message }) => ({ at, text: `   ${reason}: ${message}` })),
    ...failed.map(({ startedAt: at, endedAt, client, what }) => ({
      at,
      text: `!! request failed after ${endedAt - at} ms (${client}): ${what}`,
    })),
  ];
  const left = load.failed.length - failed.length;
  return [
    ...entries
      .filter(({ at }) => lost.length === 0 || lost.some((request) => Math.abs(request.startedAt - at) < TOLD_MS))
      .toSorted((a, b) => a.at - b.at)
      .map(({ at, text }) => `${((at - startedAt) / 1000).toFixed(3).padStart(8)} ${text}`),
    ...(left > 0 ? [`... and ${left} more failed requests`] : []),
  ].join('\n');
}
