import { formatDuration } from '../base/duration.ts';
import { newestTime, shiftInstance, shiftMemory } from '../decide/shift.ts';
import { type Activity, PLAIN_ACTIVITY } from '../model/activity.ts';
import type { GroupMemory } from '../model/group-memory.ts';
import type { Instance } from '../model/instance.ts';
import type { EpochMs } from '../model/time.ts';
import { CLOCK_CORRECTION_MS } from '../ports/clock.ts';

/** What the store has of a group. */
export interface GroupRecords {
  readonly memory: GroupMemory;
  readonly instances: readonly Instance[];
}

/** The records after the time of day was set forward by that, or the host has slept for as long; negative when it was set back. */
export function afterClockChange({ memory, instances }: GroupRecords, byMs: number): GroupRecords {
  return {
    memory: shiftMemory(memory, byMs),
    instances: instances.map((instance) => shiftInstance(instance, byMs)),
  };
}

/**
 * The records as the next controller begins with them. Nobody knows for how long there was none: the clock may have been set meanwhile.
 * A drain that was under way therefore begins anew, rather than be over too soon. Times that lie ahead of now show that the clock was
 * set back.
 */
export function adjustedRecords(
  records: GroupRecords,
  now: EpochMs,
): { readonly records: GroupRecords; readonly byMs: number } {
  const aheadMs = (newestTime(records.memory, records.instances) ?? now) - now;
  const byMs = aheadMs < CLOCK_CORRECTION_MS ? 0 : -aheadMs;
  const { memory, instances } = byMs === 0 ? records : afterClockChange(records, byMs);
  return { records: { memory, instances: instances.map(withoutDeadline) }, byMs };
}

function withoutDeadline(instance: Instance): Instance {
  const { state } = instance;
  if (state.name !== 'draining' || state.deadline === null) return instance;
  return { ...instance, state: { ...state, deadline: null } };
}

/** What is said of it. */
export function clockChanged(group: string, byMs: number, at: EpochMs): Activity {
  const howMuch = formatDuration(Math.round(Math.abs(byMs) / 1_000) * 1_000);
  const what =
    byMs < 0
      ? `This host's clock was set back by ${howMuch}`
      : `This host's clock was set forward by ${howMuch}, or the host slept for as long`;
  const message = `${what}: no timer is shortened or extended by that.`;
  return { ...PLAIN_ACTIVITY, at, group, level: 'warning', reason: 'clockChanged', message };
}
