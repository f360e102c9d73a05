import { count, plural } from '../base/plural.ts';
import { boundsOf } from '../decide/bounds.ts';
import { desiredOf } from '../decide/desired.ts';
import type { Decision } from '../decide/draft.ts';
import type { PolicyVerdict } from '../decide/policies/policy.ts';
import { nextTime } from '../decide/schedule.ts';
import type { FleetChange } from '../fleet/change.ts';
import type { StoredActivity } from '../model/activity.ts';
import type { AutoScalingGroup } from '../model/fleet.ts';
import { lifecycleOf } from '../model/lifecycle.ts';
import { inWords } from '../model/scaling-policy.ts';
import type { EpochMs } from '../model/time.ts';
import type { Explanation, LoadBalancerPlan, Plan, PolicyExplanation } from '../views/status.ts';
import type { BalancerLoop } from './balancer-loop.ts';
import { defectHold, type OnDefect } from './defects.ts';
import type { GroupLoop } from './group-loop.ts';

export type PlannedDecision = Pick<Decision, 'activities' | 'changed' | 'holds' | 'replacedFirst' | 'verdicts'>;

export interface ExplanationSources {
  readonly at: EpochMs;
  readonly loop: Pick<GroupLoop, 'group' | 'memory' | 'counts'>;
  /** What the next decision would be. */
  readonly decision: PlannedDecision;
  /** The group's newest ones, oldest first. */
  readonly activities: readonly StoredActivity[];
}

/** Why a group has the size that it has, from what the next decision about it would be. */
export function explanation({ at, loop, decision, activities }: ExplanationSources): Explanation {
  const { group, memory } = loop;
  return {
    at,
    group: {
      name: group.name,
      ...sizesOf(loop),
      fleetMinSize: group.minSize,
      fleetMaxSize: group.maxSize,
    },
    policies: policyExplanations(group, decision.verdicts),
    scheduledActions: group.scheduledActions.map((action) => ({
      name: action.name,
      schedule: inWords(action.schedule),
      nextAt: nextTime(action, at),
      minSize: action.minSize,
      maxSize: action.maxSize,
      desiredCapacity: action.desiredCapacity,
    })),
    suspendedProcesses: memory.suspendedProcesses,
    next: decision.activities,
    holds: decision.holds,
    activities,
  };
}

/** The size of a group that is wanted, what bounds it, and how much of it there is. */
export function sizesOf({ group, memory, counts }: Pick<GroupLoop, 'group' | 'memory' | 'counts'>) {
  return {
    desired: desiredOf({ group, memory }),
    ...boundsOf(group, memory),
    inService: counts.of(({ serves }) => serves),
    pending: counts.of(({ isPending }) => isPending),
    terminating: counts.of(({ isLeaving }) => isLeaving),
  };
}

export function policyExplanations(group: AutoScalingGroup, verdicts: readonly PolicyVerdict[]): PolicyExplanation[] {
  const metrics = new Map(group.scalingPolicies.map(({ name, metric }) => [name, metric]));
  return verdicts.map(({ policy, type, sees, wants, agreesToScaleIn, why, cappedBy, waitsUntil }) => ({
    policy,
    type,
    metric: metrics.get(policy) ?? '',
    sees,
    wants,
    agreesToScaleIn,
    why,
    cappedBy,
    waitsUntil,
  }));
}

/** What a group would do next. Where that meets a programming error it would do nothing, for that reason; other groups are not hidden by it. */
export function planned(loop: Pick<GroupLoop, 'group' | 'plan' | 'verdicts'>, onDefect: OnDefect): PlannedDecision {
  try {
    return loop.plan();
  } catch (error) {
    onDefect(`group ${loop.group.name}`, error);
    return { activities: [], changed: [], holds: [defectHold(error)], replacedFirst: [], verdicts: loop.verdicts };
  }
}

/** Whether servers run an older launch template, which nothing but their replacement changes. */
export function olderTemplates({ group, instances }: Pick<GroupLoop, 'group' | 'instances'>): readonly string[] {
  const { version } = group.launchTemplate;
  const staying = instances.filter((instance) => lifecycleOf(instance).makesUpSize);
  const older = staying.filter(({ launchTemplate }) => launchTemplate.version !== version).length;
  if (older === 0) return [];
  const run = plural(older, 'runs', 'run');
  return [
    `${older} of ${count(staying.length, 'server')} ${run} an older launch template. To replace them, use \`drover drain <instance>\` for one after the other.`,
  ];
}

interface PlanSources {
  readonly at: EpochMs;
  readonly groups: readonly GroupLoop[];
  readonly balancers: ReadonlyMap<string, Pick<BalancerLoop, 'trouble'>>;
}

/** What the next check of each group would do, and what is wrong with a load balancer. */
export function plan(
  { at, groups, balancers }: PlanSources,
  fleetChanges: readonly FleetChange[],
  onDefect: OnDefect,
): Plan {
  return {
    at,
    fleetChanges,
    loadBalancers: balancersInTrouble(balancers),
    groups: groups.map((loop) => {
      const { activities, holds } = planned(loop, onDefect);
      return { group: loop.group.name, activities, holds, notes: olderTemplates(loop) };
    }),
  };
}

export function balancersInTrouble(
  balancers: ReadonlyMap<string, Pick<BalancerLoop, 'trouble'>>,
): readonly LoadBalancerPlan[] {
  return [...balancers].flatMap(([loadBalancer, { trouble }]) =>
    trouble === '' ? [] : [{ loadBalancer, detail: trouble }],
  );
}
