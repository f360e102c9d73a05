import { type Activity, PLAIN_ACTIVITY } from '../model/activity.ts';
import type { Machine } from '../model/observation.ts';
import type { Clock } from '../ports/clock.ts';

/** Machines of groups that the fleet does not have are reported once, and left alone: nobody knows what they are for. */
export class UnknownMachines {
  readonly #clock: Clock;
  readonly #report: (activity: Activity) => Promise<void>;
  readonly #reported = new Set<string>();

  constructor(clock: Clock, report: (activity: Activity) => Promise<void>) {
    this.#clock = clock;
    this.#report = report;
  }

  seen(machines: readonly Machine[]): void {
    for (const { id, group } of machines) {
      if (this.#reported.has(id)) continue;
      this.#reported.add(id);
      const message = `Machine ${id} carries this fleet's tag and that of group ${group}, which the fleet does not have. It is left alone: put the group back, or end it yourself.`;
      const at = this.#clock.now();
      void this.#report({ ...PLAIN_ACTIVITY, at, level: 'warning', reason: 'orphanFound', message });
    }
  }
}
