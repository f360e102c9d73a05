import type { InstanceId } from '../../model/instance.ts';

/** How long something has been busy, at a time: of two, the share in between. */
export interface CpuTime {
  /** Those of different lives are not compared. */
  readonly life: string;
  readonly busyMs: number;
  readonly atMs: number;
}

/** Less time than this between two readings says little: Linux counts in steps of 10 ms. */
const MIN_SPAN_MS = 200;

/** How busy each server was since the reading before. */
export class CpuShares {
  #before: ReadonlyMap<InstanceId, CpuTime> = new Map();

  /** In percent; servers that were not read before are left out. Servers that are not read any more are forgotten. */
  percents(times: ReadonlyMap<InstanceId, CpuTime>): ReadonlyMap<InstanceId, number> {
    const percents = new Map<InstanceId, number>();
    const kept = new Map(times);
    for (const [id, time] of times) {
      const before = this.#before.get(id);
      if (before === undefined || before.life !== time.life || time.busyMs < before.busyMs) continue;
      const spanMs = time.atMs - before.atMs;
      if (spanMs >= MIN_SPAN_MS) percents.set(id, (100 * (time.busyMs - before.busyMs)) / spanMs);
      else if (spanMs >= 0) kept.set(id, before);
    }
    this.#before = kept;
    return percents;
  }
}
