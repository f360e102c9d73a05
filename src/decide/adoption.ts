import type { Instance } from '../model/instance.ts';
import type { Draft } from './draft.ts';

/**
 * A machine that carries the group's tag and an id without a record was launched by a controller that could not remember it (a
 * lost store, a launch that took effect after it was given up). It counts and serves like any other from now on; what is too
 * many is scaled in, with draining, like any other.
 */
export function adoptUnknownMachines(draft: Draft): void {
  const { machines, group, ended } = draft.snapshot;
  if (machines.kind === 'blind') return;
  const { machines: newest, previous } = machines.value;
  if (previous === null) return;
  for (const machine of newest.values()) {
    // Seen twice, and not just ended: a list asked for before that still shows it.
    if (draft.get(machine.instanceId) !== undefined || !previous.machines.has(machine.instanceId)) continue;
    const endedAt = ended.get(machine.instanceId);
    if (endedAt !== undefined && (endedAt >= previous.at || endedAt >= machine.launchedAt)) continue;
    const before = draft.capacity();
    const adopted: Instance = {
      id: machine.instanceId,
      group: group.name,
      launchTemplate: group.launchTemplate,
      createdAt: machine.launchedAt,
      machine: { id: machine.id, endpoint: machine.endpoint, seenAt: draft.now },
      state: { name: 'booting', since: draft.now },
      health: { status: 'unknown', since: draft.now },
      request: null,
    };
    draft.put(adopted);
    if (machine.endpoint === null) draft.end(adopted, 'launchFailed');
    draft.tell(
      'adopted',
      `Adopted ${machine.instanceId} (machine ${machine.id}): it carries this group's tag, but had no record.`,
      {
        level: 'warning',
        instance: adopted,
        before,
      },
    );
  }
}
