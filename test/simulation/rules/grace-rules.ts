import type { Instance, InstanceId } from '../../../src/model/instance.ts';
import { isEnding } from '../../../src/model/lifecycle.ts';
import type { LoadBalancerHost } from '../world/load-balancer-host.ts';
import type { RuleContext } from './rule-context.ts';

/** What is done at both ends of a server's life: it is asked before it is registered, and its command is run before it is terminated. */
export class GraceRules {
  readonly #context: RuleContext;

  constructor(context: RuleContext) {
    this.#context = context;
  }

  /** To be called after every step. */
  check(host: LoadBalancerHost): void {
    for (const { member } of host.members()) {
      const { id = '', state } = this.#context.records.instances.get(member.instanceId) ?? {};
      if (state?.name === 'probing') this.#context.violate('probedFirst', `${id} is registered before it has answered`);
    }
  }

  commandRun(id: InstanceId): void {
    const record = this.#context.records.instances.get(id);
    if (record === undefined || !isEnding(record)) {
      this.#context.violate(
        'committedBeforeActing',
        `the command of ${id}, whose record is ${record?.state.name ?? 'missing'}`,
      );
    }
  }

  /** To be called before a machine is asked to end. */
  terminating(record: Instance): void {
    const { fleet, machines } = this.#context;
    const group = fleet.autoScalingGroups.find(({ name }) => name === record.group);
    const { state } = record;
    if (group === undefined || group.terminationCommand === null || state.name !== 'terminating' || state.commandEnded)
      return;
    if (state.cause === 'machineStopped' || state.cause === 'machineGone') return;
    const machine = machines.ofInstance(record.id);
    // Lists may have shown it as gone.
    if (machine === undefined || machine.state !== 'running' || machine.hidden || machine.overlooked) return;
    if (record.machine === null || record.machine.addresses.length === 0) return;
    this.#context.violate('commandFirst', `${record.id} is terminated, and its command has not been run`);
  }
}
