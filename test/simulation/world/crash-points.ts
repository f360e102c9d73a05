import type { Instance } from '../../../src/model/instance.ts';
import type { Change } from '../../../src/ports/store.ts';
import type { Records } from './records.ts';

/** The calls with which a controller waits for the outside: each can be its last, before it takes effect or before its answer. */
export const PORT_CALLS = [
  'store.load',
  'store.commit',
  'store.recordSamples',
  'store.recordMetrics',
  'store.metricHistory',
  'store.fleetVersion',
  'store.prune',
  'provider.launch',
  'provider.list',
  'provider.terminate',
  'loadBalancer.apply',
  'loadBalancer.observe',
  'loadBalancer.stop',
  'metricSource.read',
  'probe.check',
  'command.run',
  'fleet.load',
  'clock.sleep',
] as const;
export type PortCall = (typeof PORT_CALLS)[number];

export type Side = 'before' | 'after';
export type CrashPoint = `${PortCall}:${Side}`;

/**
 * A crash point as it is counted: commits differ by what they record, and every point by whether the controller has just
 * started.
 */
export type CountedPoint = `${string}:${Side} ${Phase}`;

/** What a commit records, by the move that says most. */
const COMMIT_KINDS = [
  'launching',
  'launching again',
  'probing',
  'booting',
  'inService',
  'draining',
  'draining on',
  'back inService',
  'terminating',
  'terminating on',
  'terminated',
  'adopted',
  'orphan',
  'health',
  'request',
  'memory',
  'activity',
] as const;
type CommitKind = (typeof COMMIT_KINDS)[number];

/** A call in a controller's first awaits after a start, and later. */
const PHASES = ['starting', 'running'] as const;
export type Phase = (typeof PHASES)[number];

/** A run comes to the same few points some ten thousand times: each is written once. */
const COUNTED_POINTS = new Map<string, { readonly [side in Side]: { readonly [phase in Phase]: CountedPoint } }>();

export function countedPoint(call: string, side: Side, phase: Phase): CountedPoint {
  const known = COUNTED_POINTS.get(call) ?? {
    before: { starting: `${call}:before starting`, running: `${call}:before running` },
    after: { starting: `${call}:after starting`, running: `${call}:after running` },
  };
  COUNTED_POINTS.set(call, known);
  return known[side][phase];
}

/** They come seconds after a start for the first time. */
const LATER_CALLS: ReadonlySet<string> = new Set<PortCall>([
  'store.recordSamples',
  'store.recordMetrics',
  'store.prune',
]);

/** Every point that there is. */
export function allCrashPoints(): CountedPoint[] {
  const calls = PORT_CALLS.flatMap((call) =>
    call === 'store.commit' ? COMMIT_KINDS.map((kind) => commitCall(kind)) : [call],
  );
  return PHASES.flatMap((phase) =>
    calls
      .filter((call) => phase === 'running' || !LATER_CALLS.has(call))
      .flatMap((call) => [countedPoint(call, 'before', phase), countedPoint(call, 'after', phase)]),
  );
}

export function commitCall(kind: CommitKind): string {
  return `store.commit (${kind})`;
}

export function kindOfCommit({ instances, memory }: Change, records: Records): CommitKind {
  const kinds = instances.map((instance) => kindOfMove(records.instances.get(instance.id), instance));
  return COMMIT_KINDS.find((kind) => kinds.includes(kind)) ?? (memory === null ? 'activity' : 'memory');
}

function kindOfMove(before: Instance | undefined, after: Instance): CommitKind {
  const from = before?.state.name;
  const to = after.state.name;
  if (from === undefined) return to === 'launching' ? to : to === 'terminating' ? 'orphan' : 'adopted';
  if (before?.request !== after.request) return 'request';
  if (from !== to) return from === 'draining' && to === 'inService' ? 'back inService' : to;
  switch (to) {
    case 'launching':
      return 'launching again';
    case 'draining':
      return 'draining on';
    case 'terminating':
      return 'terminating on';
    case 'probing':
    case 'booting':
    case 'inService':
    case 'terminated':
      return 'health';
  }
}
