import type { Instance } from '../model/instance.ts';
import { isEnding } from '../model/lifecycle.ts';
import type { Machine, MachineRepair } from '../model/observation.ts';
import type { Draft } from './draft.ts';
import { type HoldReason, serverHold } from './hold-reason.ts';

/** Of the conditions that are reported once. */
const REPAIR = 'repair:';
/** A provider that is never done does not keep a failed server in its place for longer. */
const MAX_REPAIR_MS = 1_800_000;

const IN_WORDS = {
  wait: 'its provider waits whether it comes back by itself',
  restart: 'its provider restarts it',
  reset: 'its provider resets its host',
} as const satisfies Record<MachineRepair['step'], string>;

/**
 * Why an unhealthy server is not replaced yet: its provider tries to bring it back, or has not been asked since whether it does. Null where it
 * does not try, or is not done in time.
 */
export function repairHold(draft: Draft, instance: Instance): HoldReason | null {
  const { machines } = draft.snapshot;
  const { id, health } = instance;
  const repair = machines.kind === 'blind' ? undefined : machines.value.machines.get(id)?.repair;
  if (machines.kind === 'blind' || repair === undefined) return null;
  const latest = health.since + MAX_REPAIR_MS;
  if (repair === 'possible') {
    if (machines.value.at > health.since || draft.now >= latest) return null;
    draft.awaitList();
    const is = 'is unhealthy; its provider is asked first whether it can bring it back.';
    return serverHold('repair', {
      id,
      is,
      are: 'are unhealthy; their provider is asked first whether it can bring them back.',
    });
  }
  const until = Math.min(repair.until, latest);
  if (draft.now >= until) return null;
  const is = `is unhealthy, and ${IN_WORDS[repair.step]}.`;
  return serverHold('repair', { id, is, are: 'are unhealthy, and their provider tries to bring them back.' }, until);
}

/** Reports each step of bringing a failed server back, once. */
export function followRepairs(draft: Draft): void {
  const { machines } = draft.snapshot;
  // What is not known changes nothing of what was reported.
  if (machines.kind === 'blind') return;
  const current = new Set<string>();
  for (const instance of draft.live()) {
    const repair = underWay(machines.value.machines.get(instance.id));
    if (repair === null || isEnding(instance)) continue;
    const code = `${REPAIR}${instance.id}:${repair.step}`;
    current.add(code);
    const message = `${instance.id} is not replaced yet: ${IN_WORDS[repair.step]} (${repair.why}).`;
    draft.condition(code, true, () => draft.report('repairing', message, { level: 'warning', instance }));
  }
  for (const code of draft.told)
    if (code.startsWith(REPAIR) && !current.has(code)) draft.condition(code, false, () => {});
}

function underWay(machine: Machine | undefined): MachineRepair | null {
  return machine?.repair === undefined || machine.repair === 'possible' ? null : machine.repair;
}
