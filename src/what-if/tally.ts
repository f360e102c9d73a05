import type { WhatIfActivity, WhatIfPoint, WhatIfRun } from '../views/what-if.ts';

const HOUR_MS = 3_600_000;
const SECOND_MS = 1_000;
const MAX_ACTIVITIES = 1_000;

/** Adds up what a replay comes to. */
export class Tally {
  readonly #capacity: number | null;
  readonly #points: WhatIfPoint[] = [];
  readonly #activities: WhatIfActivity[] = [];
  #told = 0;
  #scaleOuts = 0;
  #scaleIns = 0;
  #passedMs = 0;
  #machineMs = 0;
  #inServiceMs = 0;
  #minSize = Number.POSITIVE_INFINITY;
  #maxSize = 0;
  #demand = 0;
  #unserved = 0;
  #missingMs = 0;
  #overloadMs = 0;
  #longestOverloadMs = 0;

  constructor(capacity: number | null) {
    this.#capacity = capacity;
  }

  point(point: WhatIfPoint): void {
    this.#points.push(point);
  }

  activity(activity: WhatIfActivity): void {
    this.#told += 1;
    if (this.#activities.length < MAX_ACTIVITIES) this.#activities.push(activity);
  }

  size(before: number, after: number): void {
    if (after > before) this.#scaleOuts += 1;
    if (after < before) this.#scaleIns += 1;
  }

  /** A time in which nothing changed. */
  pass(ms: number, load: number | null, inService: number, machines: number): void {
    this.#passedMs += ms;
    this.#machineMs += machines * ms;
    this.#inServiceMs += inService * ms;
    this.#minSize = Math.min(this.#minSize, inService);
    this.#maxSize = Math.max(this.#maxSize, inService);
    if (load === null) {
      this.#missingMs += ms;
      this.#overloadMs = 0;
      return;
    }
    const unserved = this.#capacity === null ? 0 : Math.max(0, load - this.#capacity * inService);
    this.#demand += (load * ms) / SECOND_MS;
    this.#unserved += (unserved * ms) / SECOND_MS;
    this.#overloadMs = unserved > 0 ? this.#overloadMs + ms : 0;
    this.#longestOverloadMs = Math.max(this.#longestOverloadMs, this.#overloadMs);
  }

  result(): Pick<WhatIfRun, 'summary' | 'points' | 'activities'> {
    const isJudged = this.#capacity !== null;
    return {
      summary: {
        minSize: this.#minSize,
        meanSize: this.#inServiceMs / this.#passedMs,
        maxSize: this.#maxSize,
        instanceHours: this.#machineMs / HOUR_MS,
        demand: this.#demand,
        unserved: isJudged ? this.#unserved : null,
        longestOverloadMs: isJudged ? this.#longestOverloadMs : null,
        missingMs: this.#missingMs,
        scaleOuts: this.#scaleOuts,
        scaleIns: this.#scaleIns,
        activities: this.#told,
      },
      points: this.#points,
      activities: this.#activities,
    };
  }
}
