import { boundsOf } from '../decide/bounds.ts';
import { type Activity, PLAIN_ACTIVITY } from '../model/activity.ts';
import { LAUNCHING_WORKS } from '../model/group-memory.ts';
import type { Instance, InstanceId } from '../model/instance.ts';
import { lifecycleOf, serves } from '../model/lifecycle.ts';
import { SUSPENDABLE_PROCESSES, SUSPENDED_EFFECTS, type SuspendableProcess } from '../model/scaling-policy.ts';
import type { Clock } from '../ports/clock.ts';
import type { GroupLoop } from './group-loop.ts';
import { ServiceError } from './service.ts';

/** What people ask of a group, each recorded before it is answered. */

export function changeDesired(
  loop: GroupLoop,
  desired: number,
  clock: Clock,
): Promise<{ readonly before: number; readonly after: number }> {
  return loop.exclusively(async () => {
    const { name, desiredCapacity } = loop.group;
    const { minSize, maxSize } = boundsOf(loop.group, loop.memory);
    if (!Number.isInteger(desired) || desired < minSize || desired > maxSize) {
      throw new ServiceError('invalid', whyNot(desired, loop));
    }
    const before = loop.memory.desired ?? desiredCapacity ?? minSize;
    const memory = { ...loop.memory, desired, fleetDesired: loop.memory.fleetDesired ?? desiredCapacity };
    const inService = loop.instances.filter(serves).length;
    const total = loop.instances.length;
    const change: Activity = {
      ...PLAIN_ACTIVITY,
      at: clock.now(),
      group: name,
      reason: 'desiredCapacityChanged',
      message: `Desired capacity changed from ${before} to ${desired} by \`drover set-desired\`.`,
      before: { desired: before, inService, total },
      after: { desired, inService, total },
    };
    await loop.commit({
      memory,
      instances: [],
      activities: desired === before ? [] : [change],
    });
    loop.notify();
    return { before, after: desired };
  });
}

/** Why a group cannot have a size, with the bound that it breaks and who has set that. */
function whyNot(desired: number, { group, memory }: GroupLoop): string {
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

/**
 * @param price what it would cost that nobody has agreed to, in a sentence; null for nothing
 * @throws ServiceError `notFound`, `conflict` (it is already being ended), `lastServer` for the price
 */
export function requestEnd(
  { loop, id, kind, clock }: { loop: GroupLoop; id: InstanceId; kind: 'drain' | 'terminate'; clock: Clock },
  price: () => string | null,
): Promise<void> {
  return loop.exclusively(async () => {
    const instance = loop.instances.find((candidate) => candidate.id === id);
    if (instance === undefined) throw new ServiceError('notFound', `Instance ${id} has just ended.`);
    const { isEnding, isLeaving } = lifecycleOf(instance);
    if (isEnding || (kind === 'drain' && isLeaving)) {
      throw new ServiceError('conflict', `Instance ${id} is already being ended.`);
    }
    const refusal = price();
    if (refusal !== null) throw new ServiceError('lastServer', refusal);
    await loop.commit({
      memory: null,
      instances: [{ ...instance, request: { kind, at: clock.now() } }],
      activities: [],
    });
    loop.notify();
  });
}

export function resumeLaunching(loop: GroupLoop, clock: Clock): Promise<void> {
  return loop.exclusively(async () => {
    const { name } = loop.group;
    const { launch } = loop.memory;
    const waiting = loop.instances.flatMap((instance) => triedAtOnce(instance) ?? []);
    const fails = launch.failures > 0 || launch.crashes > 0 || launch.suspended !== null || launch.held !== null;
    if (!fails && waiting.length === 0) {
      const others = loop.memory.suspendedProcesses.join(' ');
      const hint = others === '' ? '' : ` Suspended processes go on with: drover resume ${name} ${others}`;
      throw new ServiceError('conflict', `Group ${name} is not waiting to launch.${hint}`);
    }
    await loop.commit({
      memory: { ...loop.memory, launch: LAUNCHING_WORKS },
      instances: waiting,
      activities: [
        {
          ...PLAIN_ACTIVITY,
          at: clock.now(),
          group: name,
          reason: 'launchResumed',
          message: 'Launching starts anew, by `drover resume`.',
        },
      ],
    });
    loop.notify();
  });
}

/** The record of a launch or an ending that failed without its wait; null for any other. */
function triedAtOnce(instance: Instance): Instance | null {
  const { state } = instance;
  return (state.name === 'launching' || state.name === 'terminating') && state.retryAt !== null
    ? { ...instance, state: { ...state, retryAt: null } }
    : null;
}

export function suspendProcesses(
  loop: GroupLoop,
  processes: readonly SuspendableProcess[],
  clock: Clock,
): Promise<readonly SuspendableProcess[]> {
  return setSuspended(loop, clock, (process, isSuspended) => isSuspended || processes.includes(process));
}

export function resumeProcesses(
  loop: GroupLoop,
  processes: readonly SuspendableProcess[],
  clock: Clock,
): Promise<readonly SuspendableProcess[]> {
  return setSuspended(loop, clock, (process, isSuspended) => isSuspended && !processes.includes(process));
}

/** @returns the processes that are suspended then, each change of one told by itself */
function setSuspended(
  loop: GroupLoop,
  clock: Clock,
  wanted: (process: SuspendableProcess, isSuspended: boolean) => boolean,
): Promise<readonly SuspendableProcess[]> {
  return loop.exclusively(async () => {
    const before = loop.memory.suspendedProcesses;
    const after = SUSPENDABLE_PROCESSES.filter((process) => wanted(process, before.includes(process)));
    const changed = SUSPENDABLE_PROCESSES.filter((process) => before.includes(process) !== after.includes(process));
    if (changed.length === 0) return after;
    await loop.commit({
      memory: { ...loop.memory, suspendedProcesses: after },
      instances: [],
      activities: changed.map((process) => processChanged(loop.group.name, process, after.includes(process), clock)),
    });
    loop.notify();
    return after;
  });
}

function processChanged(group: string, process: SuspendableProcess, isSuspended: boolean, clock: Clock): Activity {
  const about = { ...PLAIN_ACTIVITY, at: clock.now(), group };
  return isSuspended
    ? {
        ...about,
        level: 'warning',
        reason: 'processSuspended',
        message: `Process ${process} was suspended by \`drover suspend\`: ${SUSPENDED_EFFECTS[process]}. Resume with: drover resume ${group} ${process}`,
      }
    : { ...about, reason: 'processResumed', message: `Process ${process} was resumed by \`drover resume\`.` };
}
