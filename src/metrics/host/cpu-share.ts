import type { InstanceId } from '../../model/instance.ts';

/** Two looks at how long something has been busy: the share in between. */
export interface CpuLook {
  /** Looks of different lives are not compared. */
  readonly life: string;
  readonly busyMs: number;
  readonly atMs: number;
}

/** Less time than this between two looks says little: Linux counts in steps of 10 ms. */
const MIN_SPAN_MS = 200;

/** How busy each server was since the look before. */
export class CpuShares {
  #before: ReadonlyMap<InstanceId, CpuLook> = new Map();

  /** In percent; servers that were not looked at before are left out. Servers that are not looked at any more are forgotten. */
  percents(looks: ReadonlyMap<InstanceId, CpuLook>): ReadonlyMap<InstanceId, number> {
    const percents = new Map<InstanceId, number>();
    const kept = new Map(looks);
    for (const [id, look] of looks) {
      const before = this.#before.get(id);
      if (before === undefined || before.life !== look.life || look.busyMs < before.busyMs) continue;
      const spanMs = look.atMs - before.atMs;
      if (spanMs >= MIN_SPAN_MS) percents.set(id, (100 * (look.busyMs - before.busyMs)) / spanMs);
      else if (spanMs >= 0) kept.set(id, before);
    }
    this.#before = kept;
    return percents;
  }
}
