import { forecast } from '../../src/decide/policies/forecast.ts';
import type { PolicyContext } from '../../src/decide/policies/policy.ts';
import { NO_POLICY_MEMORY } from '../../src/decide/policies/policy.ts';
import type { PolicyMemory } from '../../src/model/group-memory.ts';
import type { Metric } from '../../src/model/metric.ts';
import type { Reading } from '../../src/model/observation.ts';
import type {
  Pace,
  PredictivePolicy,
  SimplePolicy,
  StepPolicy,
  TargetTrackingPolicy,
} from '../../src/model/scaling-policy.ts';

/** A Monday, 08:00 UTC. */
export const MONDAY_8 = Date.parse('2026-11-23T08:00:00Z');
export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;

/** A metric as a group has it; what it says is up to the test. */
export const metric = (name: string): Metric => ({
  name,
  source: 'constant',
  settings: {},
  intervalMs: 15 * SECOND,
  timeoutMs: 5 * SECOND,
  maxAgeMs: MINUTE,
});

export const FREELY: Pace = { windowMs: 0, cooldownMs: 0, maxChange: null };

export const tracking = (changes: Partial<TargetTrackingPolicy> = {}): TargetTrackingPolicy => ({
  name: 'cpu',
  type: 'targetTracking',
  metric: 'cpu',
  whenMissing: 'hold',
  targetValue: 50,
  valueIs: 'average',
  tolerance: 0.1,
  scaleOut: FREELY,
  scaleIn: { ...FREELY, windowMs: 5 * MINUTE },
  disableScaleIn: false,
  ...changes,
});

const ALARM = {
  metric: 'cpu',
  whenMissing: 'hold',
  comparison: 'greaterThan',
  threshold: 60,
  breachForMs: 0,
  adjustmentType: 'changeInCapacity',
  minAdjustmentMagnitude: 0,
} as const;

export const stepping = (changes: Partial<StepPolicy> = {}): StepPolicy => ({
  ...ALARM,
  name: 'busy',
  type: 'step',
  steps: [
    { lowerBound: 0, upperBound: 10, adjustment: 1 },
    { lowerBound: 10, upperBound: null, adjustment: 3 },
  ],
  ...changes,
});

export const simply = (changes: Partial<SimplePolicy> = {}): SimplePolicy => ({
  ...ALARM,
  name: 'plain',
  type: 'simple',
  adjustment: 2,
  cooldownMs: 5 * MINUTE,
  ...changes,
});

export const foreseeing = (changes: Partial<PredictivePolicy> = {}): PredictivePolicy => ({
  name: 'daily',
  type: 'predictive',
  metric: 'requests',
  whenMissing: 'hold',
  targetValue: 100,
  valueIs: 'total',
  mode: 'forecastAndScale',
  schedulingBufferMs: 5 * MINUTE,
  ...changes,
});

export const value = (number: number, at = MONDAY_8): Reading => ({ kind: 'value', value: number, at });
export const missing = (at = MONDAY_8): Reading => ({ kind: 'missing', code: 'failed', detail: 'no answer', at });

export interface Situation {
  readonly now?: number;
  readonly desired?: number;
  readonly warm?: number;
  readonly warmUnhealthy?: number;
  readonly allUnhealthy?: boolean;
  readonly settled?: number;
  readonly warming?: number;
  readonly minSize?: number;
  readonly maxSize?: number;
  readonly memory?: Partial<PolicyMemory>;
  readonly history?: PolicyContext['history'];
}

/** All servers that do not warm up are settled and warm, unless it is said otherwise. */
export function contextOf(reading: Reading | null, situation: Situation = {}): PolicyContext {
  const { now = MONDAY_8, desired = 4, warming = 0, minSize = 0, maxSize = 100, memory = {}, history = [] } = situation;
  const { settled = desired - warming } = situation;
  const { warm = settled, warmUnhealthy = 0, allUnhealthy = false } = situation;
  return {
    now,
    size: { desired, warm, warmUnhealthy, allUnhealthy, settled, warming, warmAt: null },
    minSize,
    maxSize,
    reading,
    history,
    forecast: () => forecast(history, now),
    memory: { ...NO_POLICY_MEMORY, ...memory },
  };
}
