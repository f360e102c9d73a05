/** What people ask of a group, decided from its records as everything else is: without a clock, I/O or chance. */

import { type Activity, PLAIN_ACTIVITY } from '../model/activity.ts';
import { type GroupMemory, LAUNCHING_WORKS } from '../model/group-memory.ts';
import type { Instance, InstanceId } from '../model/instance.ts';
import { lifecycleOf, serves } from '../model/lifecycle.ts';
import { SUSPENDABLE_PROCESSES, SUSPENDED_EFFECTS, type SuspendableProcess } from '../model/scaling-policy.ts';
import type { EpochMs } from '../model/time.ts';
import { boundsOf } from './bounds.ts';
import { desiredOf } from './desired.ts';
import { priceOfEnding } from './last-server.ts';
import type { CommandRecords } from './snapshot.ts';

export type Command =
  | { readonly kind: 'setDesiredCapacity'; readonly desired: number }
  /** `force`: also where its requests would be refused until its replacement serves. */
  | { readonly kind: 'drain' | 'terminate'; readonly instanceId: InstanceId; readonly force: boolean }
  | { readonly kind: 'resumeLaunch' }
  | { readonly kind: 'suspendProcesses' | 'resumeProcesses'; readonly processes: readonly SuspendableProcess[] };

/** What a command comes to. A change that changes nothing is the answer to a person who asks for what is already so. */
export type CommandDecision =
  | {
      readonly kind: 'change';
      /** Null where it stays as it is. */
      readonly memory: GroupMemory | null;
      /** Records that have changed. */
      readonly instances: readonly Instance[];
      readonly activities: readonly Activity[];
    }
  | Refusal;

/** `message` says what is wrong and what to do next. */
export interface Refusal {
  readonly kind: 'refusal';
  /** `conflict`: it cannot be done as things are now. `lastServer`: not without `force`. */
  readonly code: 'notFound' | 'invalid' | 'conflict' | 'lastServer';
  readonly message: string;
}

export function decideCommand(records: CommandRecords, command: Command, now: EpochMs): CommandDecision {
  switch (command.kind) {
    case 'setDesiredCapacity':
      return setDesiredCapacity(records, command.desired, now);
    case 'drain':
    case 'terminate':
      return requestEnd(records, command, now);
    case 'resumeLaunch':
      return resumeLaunch(records, now);
    case 'suspendProcesses': {
      const { processes } = command;
      return setSuspended(records, now, (process, isSuspended) => isSuspended || processes.includes(process));
    }
    case 'resumeProcesses': {
      const { processes } = command;
      return setSuspended(records, now, (process, isSuspended) => isSuspended && !processes.includes(process));
    }
  }
}

function setDesiredCapacity(records: CommandRecords, desired: number, now: EpochMs): CommandDecision {
  const { group, memory, instances } = records;
  const { minSize, maxSize } = boundsOf(group, memory);
  if (!Number.isInteger(desired) || desired < minSize || desired > maxSize) {
    return refusal('invalid', whyNot(desired, records));
  }
  const before = desiredOf(records);
  const inService = instances.filter(serves).length;
  const total = instances.length;
  const changed: Activity = {
    ...PLAIN_ACTIVITY,
    at: now,
    group: group.name,
    reason: 'desiredCapacityChanged',
    message: `Desired capacity changed from ${before} to ${desired} by \`drover set-desired\`.`,
    before: { desired: before, inService, total },
    after: { desired, inService, total },
  };
  return {
    kind: 'change',
    memory: { ...memory, desired, fleetDesired: memory.fleetDesired ?? group.desiredCapacity },
    instances: [],
    activities: desired === before ? [] : [changed],
  };
}

/** Why a group cannot have a size, with the bound that it breaks and what has set that. */
function whyNot(desired: number, { group, memory }: CommandRecords): string {
  const { minSize, maxSize } = boundsOf(group, memory);
  const { bounds } = memory;
  // A maximum that was set below the minimum is the minimum as well.
  const isMinimumCapped = bounds !== null && bounds.minSize > minSize;
  const setBy = (action: string | null | undefined) => (action ? ` (set by scheduled action ${action})` : '');
  if (desired < minSize)
    return `${desired} is below the minimum ${minSize} of group ${group.name}${setBy(isMinimumCapped ? bounds.maxSizeBy : bounds?.minSizeBy)}.`;
  if (desired > maxSize)
    return `${desired} is above the maximum ${maxSize} of group ${group.name}${setBy(bounds?.maxSizeBy)}.`;
  return `${desired} is not a whole number.`;
}

function requestEnd(
  records: CommandRecords,
  { kind, instanceId, force }: Extract<Command, { readonly kind: 'drain' | 'terminate' }>,
  now: EpochMs,
): CommandDecision {
  const instance = records.instances.find(({ id }) => id === instanceId);
  if (instance === undefined) return refusal('notFound', `Instance ${instanceId} has just been terminated.`);
  const { isEnding, isLeaving } = lifecycleOf(instance);
  if (isEnding || (kind === 'drain' && isLeaving)) {
    return refusal('conflict', `Instance ${instanceId} is already being terminated.`);
  }
  const price = force ? null : priceOfEnding(records, instance, kind);
  if (price !== null) return refusal('lastServer', price);
  return { kind: 'change', memory: null, instances: [{ ...instance, request: { kind, at: now } }], activities: [] };
}

function resumeLaunch({ group, memory, instances }: CommandRecords, now: EpochMs): CommandDecision {
  const { launch } = memory;
  const waiting = instances.flatMap((instance) => triedAtOnce(instance) ?? []);
  const fails = launch.failures > 0 || launch.crashes > 0 || launch.suspended !== null || launch.held !== null;
  if (!fails && waiting.length === 0) {
    const suspended = memory.suspendedProcesses.join(' ');
    const hint =
      suspended === '' ? '' : ` Suspended processes go on with \`drover resume ${group.name} ${suspended}\`.`;
    return refusal('conflict', `Group ${group.name} is not waiting to launch.${hint}`);
  }
  const message = 'Launching starts anew, by `drover resume`.';
  return {
    kind: 'change',
    memory: { ...memory, launch: LAUNCHING_WORKS, fullPlacements: [] },
    instances: waiting,
    activities: [{ ...PLAIN_ACTIVITY, at: now, group: group.name, reason: 'launchResumed', message }],
  };
}

/** The record of a launch or an ending that failed without its wait; null for any other. */
function triedAtOnce(instance: Instance): Instance | null {
  const { state } = instance;
  return (state.name === 'launching' || state.name === 'terminating') && state.retryAt !== null
    ? { ...instance, state: { ...state, retryAt: null } }
    : null;
}

/** Each process that is suspended or resumed by it has an activity of its own. */
function setSuspended(
  { group, memory }: CommandRecords,
  now: EpochMs,
  wanted: (process: SuspendableProcess, isSuspended: boolean) => boolean,
): CommandDecision {
  const before = memory.suspendedProcesses;
  const after = SUSPENDABLE_PROCESSES.filter((process) => wanted(process, before.includes(process)));
  const changed = SUSPENDABLE_PROCESSES.filter((process) => before.includes(process) !== after.includes(process));
  return {
    kind: 'change',
    memory: changed.length === 0 ? null : { ...memory, suspendedProcesses: after },
    instances: [],
    activities: changed.map((process) => processChanged(group.name, process, after.includes(process), now)),
  };
}

function processChanged(group: string, process: SuspendableProcess, isSuspended: boolean, at: EpochMs): Activity {
  const about = { ...PLAIN_ACTIVITY, at, group };
  return isSuspended
    ? {
        ...about,
        level: 'warning',
        reason: 'processSuspended',
        message: `Process ${process} was suspended by \`drover suspend\`: ${SUSPENDED_EFFECTS[process]}. Resume with \`drover resume ${group} ${process}\`.`,
      }
    : { ...about, reason: 'processResumed', message: `Process ${process} was resumed by \`drover resume\`.` };
}

function refusal(code: Refusal['code'], message: string): Refusal {
  return { kind: 'refusal', code, message };
}
