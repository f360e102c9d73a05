import type { InstanceId } from '../model/instance.ts';
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
    const { name, minSize, maxSize, desiredCapacity } = loop.group;
    if (!Number.isInteger(desired) || desired < minSize || desired > maxSize) {
      throw new ServiceError(
        'invalid',
        `${desired} is not a size that group ${name} can have: a whole number from ${minSize} to ${maxSize}.`,
      );
    }
    const before = loop.memory.desired ?? desiredCapacity ?? minSize;
    const memory = { ...loop.memory, desired, fleetDesired: loop.memory.fleetDesired ?? desiredCapacity };
    const inService = loop.instances.filter(({ state }) => state.name === 'inService').length;
    const total = loop.instances.length;
    await loop.commit({
      memory,
      instances: [],
      activities: [
        {
          at: clock.now(),
          group: name,
          instanceId: null,
          level: 'info',
          reason: 'desiredCapacityChanged',
          message: `Desired capacity changed from ${before} to ${desired} by a person's request.`,
          cappedBy: null,
          before: { desired: before, inService, total },
          after: { desired, inService, total },
        },
      ],
    });
    loop.notify();
    return { before, after: desired };
  });
}

export function requestEnd(loop: GroupLoop, id: InstanceId, kind: 'drain' | 'terminate', clock: Clock): Promise<void> {
  return loop.exclusively(async () => {
    const instance = loop.instances.find((candidate) => candidate.id === id);
    if (instance === undefined) throw new ServiceError('notFound', `Instance ${id} has just ended.`);
    const { name } = instance.state;
    if (name === 'terminating' || (kind === 'drain' && name === 'draining')) {
      throw new ServiceError('conflict', `Instance ${id} is already being ended.`);
    }
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
    if (loop.memory.launch.suspended === null) {
      throw new ServiceError('conflict', `Launching is not suspended for group ${name}.`);
    }
    await loop.commit({
      memory: { ...loop.memory, launch: { failures: 0, notBefore: null, suspended: null } },
      instances: [],
      activities: [
        {
          at: clock.now(),
          group: name,
          instanceId: null,
          level: 'info',
          reason: 'launchResumed',
          message: `Launching was resumed by a person's request.`,
          cappedBy: null,
          before: null,
          after: null,
        },
      ],
    });
    loop.notify();
  });
}
