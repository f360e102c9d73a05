import type { View } from '../decide/snapshot.ts';
import type { History } from '../model/fleet.ts';
import type { LoadBalancerObservation, TargetGroupObservation } from '../model/observation.ts';
import type { Clock } from '../ports/clock.ts';
import { asPortError } from '../ports/errors.ts';
import type { HealthSample, Store, TrafficSample } from '../ports/store.ts';
import type { Seen } from './balancer-loop.ts';

const SAMPLE_EVERY_MS = 10_000;
const PRUNE_EVERY_SAMPLES = 60;

export interface Sampled {
  readonly name: string;
  readonly view: View<Seen>;
}

/** Keeps a history of traffic and health in the store, for people and for policies. */
export class Sampler {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #onProblem: (message: string, error?: unknown) => void;
  readonly #before = new Map<string, Seen>();

  constructor(store: Store, clock: Clock, onProblem: (message: string, error?: unknown) => void) {
    this.#store = store;
    this.#clock = clock;
    this.#onProblem = onProblem;
  }

  async run(balancers: () => readonly Sampled[], keep: () => History, signal: AbortSignal): Promise<void> {
    for (let count = 1; ; count += 1) {
      await this.#clock.sleep(SAMPLE_EVERY_MS, signal);
      if (signal.aborted) return;
      try {
        await this.#sample(balancers());
        if (count % PRUNE_EVERY_SAMPLES === 0) await this.#store.prune(keep());
      } catch (error) {
        // A gap in the history is no reason to stop.
        this.#onProblem(`samples: ${asPortError(error).message}`, error);
      }
    }
  }

  async #sample(balancers: readonly Sampled[]): Promise<void> {
    const traffic: TrafficSample[] = [];
    const health: HealthSample[] = [];
    for (const { name, view } of balancers) {
      if (view.kind === 'blind') continue;
      const before = this.#before.get(name);
      this.#before.set(name, view.value);
      if (before === undefined) continue;
      const intervalMs = view.value.asked.steadyMs - before.asked.steadyMs;
      if (intervalMs === 0) continue;
      for (const group of view.value.observation.targetGroups) {
        const earlier = ofName(before.observation, group.name);
        // Part of the traffic would look like a lull.
        if (view.value.observation.partial === null) traffic.push(trafficSample(name, group, earlier, intervalMs));
        health.push(...healthChanges(group, earlier));
      }
    }
    if (traffic.length + health.length > 0) await this.#store.recordSamples({ at: this.#clock.now(), traffic, health });
  }
}

function ofName(observation: LoadBalancerObservation, name: string): TargetGroupObservation | undefined {
  return observation.targetGroups.find((group) => group.name === name);
}

function trafficSample(
  loadBalancer: string,
  { name, traffic, targets }: TargetGroupObservation,
  before: TargetGroupObservation | undefined,
  intervalMs: number,
): TrafficSample {
  return {
    loadBalancer,
    targetGroup: name,
    intervalMs,
    requests: increase(before?.traffic.requestsTotal, traffic.requestsTotal),
    errors5xx: increase(before?.traffic.errors5xxTotal, traffic.errors5xxTotal),
    openRequests: traffic.openRequests,
    queuedRequests: traffic.queuedRequests,
    responseTimeMs: traffic.responseTimeMs,
    healthyTargets: targets.filter(({ health }) => health === 'healthy').length,
    totalTargets: targets.length,
  };
}

/** Of a counter that begins again at 0 with its load balancer. */
export function increase(before: number | undefined, now: number): number {
  return before === undefined || now < before ? now : now - before;
}

function healthChanges(
  { name, targets }: TargetGroupObservation,
  before: TargetGroupObservation | undefined,
): HealthSample[] {
  const earlier = new Map(before?.targets.map((target) => [target.instanceId, target.health]));
  return targets
    .filter(({ instanceId, health }) => earlier.get(instanceId) !== health)
    .map(({ instanceId, health, detail }) => ({ targetGroup: name, instanceId, health, detail }));
}
