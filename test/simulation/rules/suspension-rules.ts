import type { EndCause, Instance, InstanceId } from '../../../src/model/instance.ts';
import { awaitsHealth, serves } from '../../../src/model/lifecycle.ts';
import type { SuspendableProcess } from '../../../src/model/scaling-policy.ts';
import type { Change } from '../../../src/ports/store.ts';
import { causeOf } from '../world/records.ts';
import type { RuleContext } from './rule-context.ts';

/** What no server is ended for while a process is suspended. What people ask for themselves, and what was begun, goes on. */
const NOT_ENDED_FOR: { readonly [process in SuspendableProcess]?: readonly EndCause[] } = {
  terminate: ['scaleIn', 'unhealthy', 'outlier', 'neverHealthy', 'machineStopped', 'machineGone', 'orphan'],
  replaceUnhealthy: ['unhealthy', 'outlier', 'neverHealthy', 'machineStopped', 'machineGone'],
  healthCheck: ['neverHealthy', 'machineStopped', 'machineGone'],
};

/**
 * What a person has switched off is not done. A group's decisions and what is asked of it are committed one after the other, so
 * that a suspension holds from the next commit on.
 */
export class SuspensionRules {
  readonly #context: RuleContext;
  /** Servers that were never to be registered so far, each with its group. */
  readonly #unregistered = new Map<InstanceId, string>();

  constructor(context: RuleContext) {
    this.#context = context;
  }

  /** To be called for every record of a commit, before the records have it. */
  moves(before: Instance | undefined, after: Instance): void {
    const { id, group, state, health, machine } = after;
    if (before === undefined && state.name === 'launching' && machine === null && this.#isSuspended(group, 'launch'))
      this.#violate('launch', `${id} is launched`);
    const isNoted = health.status === 'unhealthy' && before?.health.status !== 'unhealthy';
    if (isNoted && this.#isSuspended(group, 'healthCheck')) this.#violate('healthCheck', `${id} is noted as unhealthy`);
    this.#checkEnding(before, after);
    this.#checkRegistration(before, after);
  }

  /** To be called for every commit, before the records have it. */
  committing({ memory, activities }: Change): void {
    const goesOn = memory?.value.suspendedProcesses.includes('addToLoadBalancer') === false;
    for (const [id, group] of this.#unregistered) if (goesOn && group === memory.group) this.#unregistered.delete(id);
    for (const { group, reason, message } of activities) {
      if (group === null) continue;
      // What a removed action leaves behind is taken back by the fleet file, not by a scheduled action.
      const isByFile = message.includes('not hold any more');
      if (reason === 'scheduledAction' && !isByFile && this.#isSuspended(group, 'scheduledActions'))
        this.#violate('scheduledActions', message);
      const isAlarm = reason === 'scaledIn' || (reason === 'scaledOut' && !this.#hasForecast(group));
      if (isAlarm && this.#isSuspended(group, 'alarmNotification')) this.#violate('alarmNotification', message);
    }
  }

  #checkEnding(before: Instance | undefined, after: Instance): void {
    const cause = causeOf(after);
    if (cause === null || (before !== undefined && causeOf(before) !== null)) return;
    for (const process of ['terminate', 'replaceUnhealthy', 'healthCheck'] as const) {
      if (NOT_ENDED_FOR[process]?.includes(cause) === true && this.#isSuspended(after.group, process))
        this.#violate(process, `${after.id} is ended (${cause})`);
    }
  }

  /** Behind a load balancer nobody can find a server healthy that is not a member. One that is adopted may be one already. */
  #checkRegistration(before: Instance | undefined, after: Instance): void {
    const { id, group } = after;
    const isHeld = this.#isSuspended(group, 'addToLoadBalancer');
    if (!isHeld || !awaitsHealth(after)) {
      if (isHeld && serves(after) && this.#unregistered.has(id) && this.#isBehind(group))
        this.#violate('addToLoadBalancer', `${id} comes into service`);
      this.#unregistered.delete(id);
    } else if (before !== undefined && !awaitsHealth(before) && this.#isBehind(group)) {
      this.#unregistered.set(id, group);
    }
  }

  #isSuspended(group: string, process: SuspendableProcess): boolean {
    const { goesDown, records } = this.#context;
    return !goesDown && records.memory.get(group)?.suspendedProcesses.includes(process) === true;
  }

  #isBehind(group: string): boolean {
    return this.#context.inForce.groups(group).every(({ targetGroups }) => targetGroups.length > 0);
  }

  /** A forecast follows no alarm. */
  #hasForecast(group: string): boolean {
    const groups = this.#context.inForce.groups(group);
    return groups.some(({ scalingPolicies }) => scalingPolicies.some(({ type }) => type === 'predictive'));
  }

  #violate(process: SuspendableProcess, what: string): void {
    this.#context.violate('suspensionHolds', `${what} although ${process} is suspended`);
  }
}
