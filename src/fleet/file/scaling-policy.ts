import { z } from 'zod';
import {
  ADJUSTMENT_TYPES,
  type AdjustmentType,
  COMPARISONS,
  type MaxChange,
  type Pace,
  type PredictivePolicy,
  type SimplePolicy,
  type Step,
  type StepPolicy,
  type TargetTrackingPolicy,
  VALUE_KINDS,
  WHEN_MISSING,
} from '../../model/scaling-policy.ts';
import { durationSchema } from '../../settings/duration.ts';
import { addProblems, type Problem } from '../../settings/explain.ts';
import { MAX_GROUP_SIZE, nameSchema } from '../../settings/fields.ts';
import { sortedSteps, stepProblems } from './steps.ts';

const SECOND_MS = 1_000;
const HOUR_MS = 3_600 * SECOND_MS;
const DAY_MS = 24 * HOUR_MS;
const MAX_STEPS = 20;
const MAX_PERCENT = 10_000;

/** Everything of a policy but its name, which is its key. */
type Unnamed<T> = Omit<T, 'name'>;

const common = {
  metric: nameSchema.describe("The metric that it follows: the name of one of the group's metrics."),
  whenMissing: z
    .enum(WHEN_MISSING)
    .default('hold')
    .describe('Without a reading: hold the size, ignore this policy, or go to maxSize.'),
};

const target = {
  targetValue: z.number().gt(0).describe('The value of the metric that the group is sized for.'),
  valueIs: z
    .enum(VALUE_KINDS)
    .describe(
      'average: the metric is what each server has. total: what all have together, the target what one can handle.',
    ),
};

const maxChange = z
  .strictObject({
    instances: z.int().min(1).max(MAX_GROUP_SIZE).optional().describe('The most servers.'),
    percent: z.int().min(1).max(MAX_PERCENT).optional().describe('The most servers, as a percentage of the size.'),
    period: durationSchema({ minMs: SECOND_MS, maxMs: DAY_MS })
      .prefault('1m')
      .describe('The time within which no more than that may change.'),
  })
  .refine(({ instances, percent }) => instances !== undefined || percent !== undefined, {
    error: 'give instances, percent or both; where both are given the larger change is allowed',
  })
  .transform(
    ({ instances, percent, period }): MaxChange => ({
      instances: instances ?? null,
      percent: percent ?? null,
      periodMs: period,
    }),
  );

function pace(window: string) {
  return z
    .strictObject({
      window: durationSchema({ maxMs: HOUR_MS })
        .prefault(window)
        .describe('Of all sizes that were recommended within this time the most cautious one counts; 0s: the newest.'),
      cooldown: durationSchema({ maxMs: DAY_MS })
        .prefault('0s')
        .describe('The least time between two changes in this direction.'),
      maxChange: maxChange.optional().describe('The most that may change within a time. No limit unless given.'),
    })
    .transform(
      (value): Pace => ({
        windowMs: value.window,
        cooldownMs: value.cooldown,
        maxChange: value.maxChange ?? null,
      }),
    );
}

const targetTracking = z
  .strictObject({
    type: z.literal('targetTracking'),
    ...common,
    ...target,
    tolerance: z
      .number()
      .min(0)
      .lt(1)
      .default(0.1)
      .describe('The share of the target within which nothing is done: 0.1 is from 90 % to 110 % of it.'),
    scaleOut: pace('0s').prefault({}).describe('How fast it may add servers.'),
    scaleIn: pace('5m').prefault({}).describe('How fast it may take servers away.'),
    disableScaleIn: z.boolean().default(false).describe('Whether it only ever adds servers.'),
  })
  .transform((value): Unnamed<TargetTrackingPolicy> => value);

const alarm = {
  ...common,
  comparison: z.enum(COMPARISONS).describe('How the metric must be to the threshold for the policy to act.'),
  threshold: z.number().describe('The value of the metric from which on it acts.'),
  breachFor: durationSchema({ maxMs: DAY_MS })
    .prefault('1m')
    .describe('How long the metric must have been beyond the threshold without a break.'),
  adjustmentType: z
    .enum(ADJUSTMENT_TYPES)
    .default('changeInCapacity')
    .describe('What an adjustment is: servers more or fewer, the new size, or a percentage of the size.'),
  minAdjustmentMagnitude: z
    .int()
    .min(0)
    .max(MAX_GROUP_SIZE)
    .default(0)
    .describe('With percentChangeInCapacity: the fewest servers by which the size changes.'),
};

const adjustment = z.int();

function magnitudeProblems(policy: { adjustmentType: AdjustmentType; minAdjustmentMagnitude: number }): Problem[] {
  if (policy.minAdjustmentMagnitude === 0 || policy.adjustmentType === 'percentChangeInCapacity') return [];
  const message = 'it has a meaning only with adjustmentType: percentChangeInCapacity; leave it out';
  return [{ path: ['minAdjustmentMagnitude'], message }];
}

function adjustmentProblems(
  adjustments: readonly { readonly adjustment: number }[],
  type: AdjustmentType,
  list: string | null,
): Problem[] {
  const { min, max, why } = ADJUSTMENTS[type];
  return adjustments.flatMap((each, index) =>
    each.adjustment >= min && each.adjustment <= max
      ? []
      : [
          {
            path: [...(list === null ? [] : [list, index]), 'adjustment'],
            message: `it must be from ${min} to ${max}: ${why}`,
          },
        ],
  );
}

const ADJUSTMENTS = {
  changeInCapacity: { min: -MAX_GROUP_SIZE, max: MAX_GROUP_SIZE, why: 'changeInCapacity is in servers' },
  exactCapacity: { min: 0, max: MAX_GROUP_SIZE, why: 'exactCapacity is the size itself' },
  percentChangeInCapacity: { min: -100, max: MAX_PERCENT, why: 'percentChangeInCapacity is in percent of the size' },
} as const satisfies Record<AdjustmentType, unknown>;

const step = z
  .strictObject({
    lowerBound: z
      .number()
      .optional()
      .describe('From where it counts, relative to the threshold. Without end unless given.'),
    upperBound: z
      .number()
      .optional()
      .describe('To where it counts, relative to the threshold. Without end unless given.'),
    adjustment: adjustment.describe('By how much the size changes there.'),
  })
  .transform(
    (value): Step => ({
      lowerBound: value.lowerBound ?? null,
      upperBound: value.upperBound ?? null,
      adjustment: value.adjustment,
    }),
  );

const steps = z
  .strictObject({
    type: z.literal('step'),
    ...alarm,
    steps: z
      .array(step)
      .min(1)
      .max(MAX_STEPS)
      .describe('Adjustments by how far the metric is beyond the threshold, from the lowest bound to the highest.'),
  })
  .transform(({ breachFor, ...rest }, context): Unnamed<StepPolicy> => {
    const problems = [...magnitudeProblems(rest), ...adjustmentProblems(rest.steps, rest.adjustmentType, 'steps')];
    problems.push(...stepProblems(rest).map(({ path, message }) => ({ path: ['steps', ...path], message })));
    if (problems.length > 0) return addProblems(context, problems, rest);
    return { ...rest, steps: sortedSteps(rest.steps), breachForMs: breachFor };
  });

const simple = z
  .strictObject({
    type: z.literal('simple'),
    ...alarm,
    adjustment: adjustment.describe('By how much the size changes.'),
    cooldown: durationSchema({ maxMs: DAY_MS }).prefault('5m').describe('How long it waits once its change is done.'),
  })
  .transform(({ breachFor, cooldown, ...rest }, context): Unnamed<SimplePolicy> => {
    const problems = [...magnitudeProblems(rest), ...adjustmentProblems([rest], rest.adjustmentType, null)];
    if (rest.adjustment === 0 && rest.adjustmentType !== 'exactCapacity') {
      problems.push({
        path: ['adjustment'],
        message: 'it changes nothing; more than 0 adds servers, less takes some away',
      });
    }
    if (problems.length > 0) return addProblems(context, problems, rest);
    return { ...rest, breachForMs: breachFor, cooldownMs: cooldown };
  });

const predictive = z
  .strictObject({
    type: z.literal('predictive'),
    ...common,
    ...target,
    mode: z
      .enum(['forecastOnly', 'forecastAndScale'])
      .default('forecastOnly')
      .describe('forecastOnly: it only shows what it would do.'),
    schedulingBuffer: durationSchema({ maxMs: HOUR_MS })
      .prefault('5m')
      .describe('How long before the hour servers are launched.'),
  })
  .transform(
    ({ schedulingBuffer, ...rest }): Unnamed<PredictivePolicy> => ({ ...rest, schedulingBufferMs: schedulingBuffer }),
  );

export const scalingPolicySchema = z.discriminatedUnion('type', [targetTracking, steps, simple, predictive]);
