import type { Due } from '../decide/draft.ts';
import type { Outcome } from '../decide/snapshot.ts';
import type { AutoScalingGroup } from '../model/fleet.ts';
import type { Instance, InstanceId } from '../model/instance.ts';
import type { EpochMs } from '../model/time.ts';
import { commandVariables } from './command-variables.ts';
import { reportingDefects } from './defects.ts';
import type { GroupContext } from './group-context.ts';
import type { Operations } from './operations.ts';

const ABORT_FLOOR_MS = 1_000;

/** Whose operations they are, and whom their outcomes are reported to. */
export interface Performing {
  readonly group: AutoScalingGroup;
  readonly context: Pick<GroupContext, 'fleet' | 'commands' | 'operations' | 'onDefect'>;
  readonly instances: ReadonlyMap<InstanceId, Instance>;
  readonly now: EpochMs;
  readonly report: (outcome: Outcome) => void;
}

/** Begins the operations that a committed decision calls for. They go on beside the loop. */
export function perform(due: Due, { group, context, instances, now, report }: Performing): void {
  const forEach = (ids: readonly InstanceId[], run: (instance: Instance, operations: Operations) => void): void => {
    for (const id of ids) {
      const instance = instances.get(id);
      const operations = instance === undefined ? null : context.operations(instance.launchTemplate.provider);
      if (instance !== undefined && operations !== null) run(instance, operations);
    }
  };
  forEach(due.abort, ({ id }, operations) => operations.abort(id));
  const { terminationCommand } = group;
  if (terminationCommand !== null) {
    forEach(due.command, (instance, operations) => {
      const variables = commandVariables(context.fleet(), instance);
      const run = (signal: AbortSignal) =>
        reportingDefects(`the termination command of group ${group.name}`, context.onDefect, () =>
          context.commands.run(terminationCommand, variables, signal),
        );
      operations.runCommand(instance, terminationCommand.timeoutMs, run, report);
    });
  }
  forEach(due.terminate, (instance, operations) => operations.terminate(instance, report));
  const serves = group.targetGroups.length > 0;
  forEach(due.launch, (instance, operations) => {
    const leftMs = instance.state.since + group.launchTimeoutMs - now;
    operations.launch(instance, serves, Math.max(ABORT_FLOOR_MS, leftMs), report);
  });
}
