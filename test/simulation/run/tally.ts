import type { CountedPoint } from '../world/crash-points.ts';
import type { Result } from './run.ts';

interface SeedFailure {
  readonly seed: number;
  /** For a person. */
  readonly text: string;
}

/** As one worker tells another. */
export interface Counts {
  readonly seeds: number;
  readonly steps: number;
  readonly simulatedMs: number;
  readonly passed: ReadonlyMap<CountedPoint, number>;
  readonly died: ReadonlyMap<CountedPoint, number>;
  readonly failures: readonly SeedFailure[];
}

/** What a number of runs come to. */
export class Tally implements Counts {
  seeds = 0;
  steps = 0;
  simulatedMs = 0;
  /** How often each crash point was passed, and how often a controller died there. */
  readonly passed = new Map<CountedPoint, number>();
  readonly died = new Map<CountedPoint, number>();
  readonly failures: SeedFailure[] = [];

  count({ steps, elapsedMs, points, deaths }: Result): void {
    const died = new Map<CountedPoint, number>();
    for (const point of deaths) died.set(point, (died.get(point) ?? 0) + 1);
    this.add({ seeds: 1, steps, simulatedMs: elapsedMs, passed: points, died, failures: [] });
  }

  add({ seeds, steps, simulatedMs, passed, died, failures }: Counts): void {
    this.seeds += seeds;
    this.steps += steps;
    this.simulatedMs += simulatedMs;
    for (const [point, times] of passed) this.passed.set(point, (this.passed.get(point) ?? 0) + times);
    for (const [point, times] of died) this.died.set(point, (this.died.get(point) ?? 0) + times);
    this.failures.push(...failures);
  }
}
