import type { PolicyMemory } from '../model/group-memory.ts';
import type { JsonObject } from '../model/json.ts';
import type { ScalingPolicy } from '../model/scaling-policy.ts';
import { boundsOf } from './bounds.ts';
import type { Draft } from './draft.ts';
import { groupSize } from './group-size.ts';
import { type Combined, combine } from './policies/combine.ts';
import { afterChange, evaluate } from './policies/evaluate.ts';
import { GAP_MS, isLongMissing } from './policies/missing.ts';
import { NO_POLICY_MEMORY, type PolicyVerdict, type VerdictCap } from './policies/policy.ts';
import { memoryAbout, subjectOf } from './policies/subject.ts';
import { duration } from './policies/text.ts';
import { suspension } from './suspension.ts';

/** Asks each of the group's scaling policies, and brings the desired capacity to what they come to together. */
export function followPolicies(draft: Draft): void {
  const { group, metrics, histories, forecasts } = draft.snapshot;
  const bounds = boundsOf(group, draft.memory);
  const desired = draft.memory.desired ?? 0;
  const policies = group.scalingPolicies.map((policy) => ({ policy, subject: subjectOf(policy, group.metrics) }));
  const verdicts = policies.map(({ policy, subject }) => {
    const reading = metrics.get(policy.metric) ?? null;
    const history = histories.get(policy.metric) ?? [];
    return evaluate(policy, {
      now: draft.now,
      size: groupSize(draft, reading?.at ?? draft.now),
      ...bounds,
      reading,
      history,
      forecast: () => forecasts.of(history, draft.now),
      memory: memoryAbout(subject, draft.memory.policies.get(policy.name)),
    });
  });
  draft.verdicts.push(...verdicts);
  watchMetrics(draft, verdicts);
  const isHeld =
    verdicts.some(({ type }) => type !== 'predictive') &&
    draft.waitsFor(suspension(draft, ['alarmNotification'], 'Nothing follows from what is measured'));
  // A forecast follows no alarm.
  const followed = isHeld ? verdicts.filter(({ type }) => type === 'predictive') : verdicts;
  const combined = combine(followed, desired, bounds);
  const by = combined.decidedBy.length > 0 ? combined.size - desired : 0;
  remember(draft, verdicts, policies, combined, by);
  if (by !== 0) changeSize(draft, verdicts, combined, by);
  for (const verdict of followed) holdBack(draft, verdict);
  holdTogether(draft, combined, by);
}

/** New memory only where something in it is new: a decision that learns nothing costs no commit. */
function remember(
  draft: Draft,
  verdicts: readonly PolicyVerdict[],
  policies: readonly { readonly policy: ScalingPolicy; readonly subject: string }[],
  { decidedBy }: Combined,
  by: number,
): void {
  const before = draft.memory.policies;
  const after = new Map<string, PolicyMemory>();
  for (const [index, verdict] of verdicts.entries()) {
    const one = policies[index];
    if (one === undefined) continue;
    const { policy, subject } = one;
    const isMine = by !== 0 && decidedBy.includes(verdict);
    const memory = isMine ? afterChange(policy, verdict.memory, by, draft.now) : verdict.memory;
    if (memory === NO_POLICY_MEMORY) continue;
    after.set(policy.name, memory.subject === subject ? memory : { ...memory, subject });
  }
  const isSame = after.size === before.size && [...after].every(([name, memory]) => before.get(name) === memory);
  if (!isSame) draft.memory = { ...draft.memory, policies: after };
}

function changeSize(
  draft: Draft,
  verdicts: readonly PolicyVerdict[],
  { size, decidedBy, cappedBy }: Combined,
  by: number,
): void {
  const before = draft.capacity();
  draft.memory = { ...draft.memory, desired: size };
  const names = decidedBy.map(({ policy }) => policy).join(' and ');
  const [first] = decidedBy;
  const limits = boundsOf(draft.snapshot.group, draft.memory);
  const limit = {
    maxSize: ` The maximum is ${limits.maxSize}.`,
    minSize: ` The minimum is ${limits.minSize}.`,
    forecast: ` The forecast of another policy keeps ${size}.`,
  };
  draft.report(
    by > 0 ? 'scaledOut' : 'scaledIn',
    `Scaling ${by > 0 ? 'out' : 'in'} from ${before.desired} to ${size} by policy ${names}: ${first?.why ?? ''}${cappedBy === null ? '' : limit[cappedBy]}`,
    { before, cappedBy: cappedBy ?? first?.cappedBy ?? null, explanation: explain(verdicts, limits) },
  );
}

/** The whole calculation as data, kept with the activity. */
function explain(
  verdicts: readonly PolicyVerdict[],
  { minSize, maxSize }: { readonly minSize: number; readonly maxSize: number },
): JsonObject {
  const policies = verdicts.map(({ memory: _, ...verdict }) => ({ ...verdict }));
  return { minSize, maxSize, policies };
}

/** What keeps a policy from what it would do, in words for a hold. The others are no waiting: they are as things should be. */
const WAITING: ReadonlySet<VerdictCap> = new Set<VerdictCap>([
  'scaleOutWindow',
  'scaleInWindow',
  'cooldown',
  'maxChange',
  'warmup',
  'changeUnderWay',
  'unhealthy',
  'breachDuration',
]);

function holdBack(draft: Draft, { policy, cappedBy, why, waitsUntil }: PolicyVerdict): void {
  if (cappedBy === 'metricMissing') draft.hold('metricMissing', `Policy ${policy}: ${why}`, waitsUntil);
  else if (cappedBy !== null && WAITING.has(cappedBy))
    draft.hold('scalingPolicy', `Policy ${policy}: ${why}`, waitsUntil);
  else if (waitsUntil !== null) draft.wake(waitsUntil);
}

function holdTogether(draft: Draft, { decidedBy, cappedBy, blockedBy, size }: Combined, by: number): void {
  const [first] = decidedBy;
  if (by === 0 && cappedBy === 'maxSize' && first !== undefined) {
    draft.hold('maxSize', `Policy ${first.policy} wants ${first.wants}, and the maximum is ${size}.`);
  }
  if (blockedBy.length === 0) return;
  const names = blockedBy.map(({ policy }) => policy).join(' and ');
  const others = draft.verdicts.filter(({ wants }) => wants !== null && wants < size).map(({ policy }) => policy);
  draft.hold('scalingPolicy', `Policy ${others.join(' and ')} would scale in, but ${names} does not agree.`);
}

function watchMetrics(draft: Draft, verdicts: readonly PolicyVerdict[]): void {
  const { scalingPolicies, metrics } = draft.snapshot.group;
  forgetOthers(draft, new Set(metrics.map(({ name }) => `metricMissing:${name}`)));
  for (const { name } of metrics) {
    const followers = verdicts
      .filter((_, index) => scalingPolicies[index]?.metric === name)
      .toSorted((a, b) => (a.policy < b.policy ? -1 : 1));
    const since = followers.map(({ memory }) => memory.missingSince).find((at) => at !== null);
    if (since !== undefined && since !== null) draft.wake(since + GAP_MS);
    const missing = followers.find(({ memory }) => isLongMissing(memory, draft.now));
    draft.condition(
      `metricMissing:${name}`,
      missing !== undefined,
      () => reportMissing(draft, name, missing),
      () => draft.report('metricVisible', `Metric ${name} can be read again.`),
    );
  }
}

function reportMissing(draft: Draft, metric: string, verdict: PolicyVerdict | undefined): void {
  if (verdict === undefined) return;
  const { policy, sees, why } = verdict;
  draft.report(
    'metricMissing',
    `Metric ${metric} has no value for ${duration(GAP_MS)} now, ${sees}. Policy ${policy}: ${why}`,
    {
      level: 'warning',
    },
  );
}

/** A metric that the group does not have any more has no end to be told. */
function forgetOthers(draft: Draft, codes: ReadonlySet<string>): void {
  draft.forgetTold([...draft.told].filter((code) => code.startsWith('metricMissing:') && !codes.has(code)));
}
