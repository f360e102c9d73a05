import type { Activity } from '../../../src/model/activity.ts';
import type { AutoScalingGroup } from '../../../src/model/fleet.ts';
import type { Metric } from '../../../src/model/metric.ts';
import type { Reading } from '../../../src/model/observation.ts';
import type { Change } from '../../../src/ports/store.ts';
import type { MetricWitness } from '../world/sim-metric-source.ts';
import type { RuleContext } from './rule-context.ts';

/** How long it may take until a reading, or that there is none, is what decisions go by. */
const READING_LAG_MS = 5_000;
/** How far ahead of the controller's clock the time of a value may be. */
const CLOCK_SKEW_MS = 60_000;

/** What the controller has been told of a metric last. */
interface Known {
  readonly reading: Reading | null;
  readonly atMs: number;
  /** By the controller's clock. */
  readonly ageMs: number;
}

/** What changes the size that a group is to have, each with an activity that says why. */
const SIZING: ReadonlySet<Activity['reason']> = new Set<Activity['reason']>([
  'desiredCapacityChanged',
  'scaledOut',
  'scaledIn',
  'scheduledAction',
  'adopted',
]);

/** A group follows what is measured, and a metric that is missing is never zero. */
export class ScalingRules implements MetricWitness {
  readonly #context: RuleContext;
  readonly #known = new Map<string, Known>();

  constructor(context: RuleContext) {
    this.#context = context;
  }

  readsAnew(group: string, metric: string): void {
    this.#known.set(`${group}/${metric}`, { reading: null, atMs: this.#context.clock.elapsedMs, ageMs: 0 });
  }

  hasRead(group: string, metric: string, reading: Reading): void {
    const key = `${group}/${metric}`;
    const { clock } = this.#context;
    const before = this.#known.get(key);
    const known = { reading, atMs: clock.elapsedMs, ageMs: clock.now() - reading.at };
    // Missing since the first reading in a row that was no value.
    if (before === undefined || isValue(before) || isValue(known)) this.#known.set(key, known);
  }

  /** To be called for every commit, before the records have it. */
  committing({ memory, activities }: Change): void {
    if (memory === null) return;
    const { group } = memory;
    const before = this.#context.records.memory.get(group);
    if (before === undefined || before.desired === memory.value.desired) return;
    if (before.desired !== null && !activities.some(({ reason }) => SIZING.has(reason))) {
      const what = `${group} wants ${memory.value.desired} instead of ${before.desired}`;
      this.#context.violate('explained', `${what} without an activity that says why`);
    }
    if (!activities.some(({ reason }) => reason === 'scaledIn')) return;
    const missing = this.#context.inForce.groups(group).map((one) => this.#missing(one));
    if (missing.some((metrics) => metrics.length === 0)) return;
    const metrics = [...new Set(missing.flat())].join(' and ');
    const what = `${group} is scaled in from ${before.desired} to ${memory.value.desired}`;
    this.#context.violate('missingIsNotZero', `${what} without a reading of ${metrics}`);
  }

  /** The metrics without which no policy may take a server away; empty while all of them can be seen. */
  #missing({ name, metrics, scalingPolicies }: AutoScalingGroup): string[] {
    const followed = scalingPolicies.filter(({ type }) => type !== 'predictive');
    const seen = new Set(metrics.filter((metric) => this.#isSeen(name, metric)).map((metric) => metric.name));
    const unseen = followed.filter(({ metric }) => !seen.has(metric));
    const needed =
      unseen.length === followed.length ? unseen : unseen.filter(({ whenMissing }) => whenMissing !== 'ignore');
    return needed.map(({ metric }) => metric);
  }

  #isSeen(group: string, { name, maxAgeMs }: Metric): boolean {
    const known = this.#known.get(`${group}/${name}`);
    if (known === undefined) return false;
    const { atMs, ageMs } = known;
    const untilMs = isValue(known) ? atMs + maxAgeMs - Math.max(0, ageMs) : atMs;
    return untilMs >= this.#context.since(READING_LAG_MS);
  }
}

function isValue({ reading, ageMs }: Known): boolean {
  return reading?.kind === 'value' && Number.isFinite(reading.value) && ageMs >= -CLOCK_SKEW_MS;
}
