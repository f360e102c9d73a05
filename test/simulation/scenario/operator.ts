import { serves } from '../../../src/model/lifecycle.ts';
import type { Session } from '../world/session.ts';
import type { World } from '../world/world.ts';
import { applyEdit, describeEdit, type FleetEdit } from './fleet-edits.ts';
import type { Order } from './happenings.ts';

/** The person at the keyboard: asks the controller for things, and takes a refusal for an answer. */
export class Operator {
  readonly #world: World;
  readonly #session: Session;
  readonly #onStopped: () => void;

  constructor(world: World, session: Session, onStopped: () => void) {
    this.#world = world;
    this.#session = session;
    this.#onStopped = onStopped;
  }

  do(order: Order): void {
    if (order.kind === 'editFleet') this.#edit(order.edit);
    else this.#request(order);
  }

  /** A person looks after groups that have given up, and switches what is switched off on again, bit by bit. */
  resumeSuspended(): void {
    for (const { name } of this.#world.invariants.inForce.fleet.autoScalingGroups) {
      const memory = this.#world.records.memory.get(name);
      const [process] = memory?.suspendedProcesses ?? [];
      if (process !== undefined) this.do({ kind: 'resumeProcesses', group: name, processes: [process] });
      const { suspended = null, held = null } = memory?.launch ?? {};
      if (suspended !== null || held?.until === null) this.do({ kind: 'resume', group: name });
      if (memory?.told.includes('healthBrake:all') === true) this.#endMisaddressed(name);
    }
  }

  #request(order: Exclude<Order, { readonly kind: 'editFleet' }>): void {
    const { controller } = this.#session;
    if (controller === null) return;
    switch (order.kind) {
      case 'setDesired':
        this.#note(`sets ${order.group} to ${order.desired}`);
        return this.#ask(() => controller.setDesiredCapacity(order.group, order.desired));
      case 'resume':
        this.#note(`resumes ${order.group}`);
        return this.#ask(() => controller.resumeLaunch(order.group));
      case 'suspend':
        this.#note(`suspends ${order.processes.join(', ')} of ${order.group}`);
        return this.#ask(() => controller.suspendProcesses(order.group, order.processes));
      case 'resumeProcesses':
        this.#note(`resumes ${order.processes.join(', ')} of ${order.group}`);
        return this.#ask(() => controller.resumeProcesses(order.group, order.processes));
      case 'drain':
      case 'terminate': {
        const open = this.#world.fleet.autoScalingGroups.flatMap(({ name }) => this.#world.records.open(name));
        const id = open[Math.floor(order.which * open.length)]?.id;
        if (id === undefined) return;
        this.#note(`${order.kind}s ${id}`);
        return this.#ask(() =>
          order.kind === 'drain' ? controller.drainInstance(id, true) : controller.terminateInstance(id, true),
        );
      }
      case 'restartController':
        return this.#ask(() => this.#session.stop().then(this.#onStopped));
      case 'loseStore':
        this.#note('loses the data folder');
        this.#session.close();
        this.#world.loseStore();
        return this.#onStopped();
      case 'down':
        this.#note('brings the fleet down');
        this.#session.wanted = 'down';
        return this.#ask(() => controller.down());
    }
  }

  /** Where all are unhealthy Drover ends none. One whose address is wrong never recovers: that is for a person to see. */
  #endMisaddressed(group: string): void {
    const { machines, records } = this.#world;
    const { controller } = this.#session;
    const lost = records.open(group).find((instance) => {
      const machine = machines.ofInstance(instance.id);
      return serves(instance) && machine?.misaddressed === true;
    });
    if (lost === undefined || controller === null) return;
    this.#note(`terminates ${lost.id}, whose address is wrong`);
    this.#ask(() => controller.terminateInstance(lost.id, true));
  }

  #edit(edit: FleetEdit): void {
    const { controller } = this.#session;
    const { fleet, invariants } = this.#world;
    if (applyEdit(fleet, edit) === fleet) return;
    this.#note(`changes the fleet file: ${describeEdit(edit)}`);
    this.#world.editFleet(edit);
    if (controller === null) return;
    this.#ask(async () => {
      try {
        await controller.configuration.reload();
      } catch (error) {
        // What is refused is taken back.
        this.#world.restoreFleet(invariants.inForce.fleet);
        throw error;
      }
    });
  }

  #ask(request: () => Promise<unknown>): void {
    const refused = (reason: unknown): void =>
      this.#note(`is told: ${reason instanceof Error ? reason.message : String(reason)}`);
    try {
      request().catch(refused);
    } catch (error) {
      refused(error);
    }
  }

  #note(what: string): void {
    this.#world.trace.note('person', what);
  }
}
