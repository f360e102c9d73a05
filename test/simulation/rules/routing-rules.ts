import type { Endpoint, Instance, InstanceId } from '../../../src/model/instance.ts';
import type { ProbeAnswer } from '../../../src/ports/probe.ts';
import type { LoadBalancerHost, SimMember } from '../world/load-balancer-host.ts';
import type { SimMachine } from '../world/machines.ts';
import { placeAt } from '../world/network.ts';
import { causeOf } from '../world/records.ts';
import type { RuleContext } from './rule-context.ts';

/** How long the address of a machine that has vanished may lead to a machine of another group. */
const MISROUTED_MAX_MS = 240_000;
/** Of what is remembered for a while, so that a long run does not grow. */
const KEPT = 1_000;

/** Where requests go, and that those which were accepted may finish. */
export class RoutingRules {
  readonly #context: RuleContext;
  /** Since when an instance's address has led to another machine. */
  readonly #misrouted = new Map<InstanceId, number>();

  /** Those that a person has asked to be ended at once, even where the record of that was lost. */
  readonly #askedToEnd = new Set<InstanceId>();

  /** Where the controller's own probes have got no answer. */
  readonly #silent = new Set<string>();

  /** Machines that a call ended which the records did not know of any more, whatever they say since. */
  readonly #endsForgotten = new Set<string>();

  constructor(context: RuleContext) {
    this.#context = context;
  }

  /** To be called for every record of a commit. */
  moves({ id, request }: Instance): void {
    if (this.#askedToEnd.size > KEPT) this.#askedToEnd.clear();
    if (request?.kind === 'terminate') this.#askedToEnd.add(id);
  }

  /** To be called for every probe of a server by the controller. */
  probed(endpoint: Endpoint, { answered }: ProbeAnswer): void {
    if (this.#silent.size > KEPT) this.#silent.clear();
    if (answered) this.#silent.delete(placeAt(endpoint));
    else this.#silent.add(placeAt(endpoint));
  }

  check(host: LoadBalancerHost): void {
    if (!host.running) return;
    for (const member of host.members()) {
      if (!host.serves(member)) continue;
      const { instanceId, endpoint } = member.member;
      const machine = this.#context.machines.lastOfInstance(instanceId);
      if (machine?.ended === 'serving') this.#checkEnded(host, machine);
      const there = this.#context.machines.at(endpoint);
      if (there === machine) this.#misrouted.delete(instanceId);
      else this.#checkMisrouted(host, member, machine, there);
    }
  }

  cut(member: SimMember, requests: number, why: string): void {
    const { instanceId } = member.member;
    const { records, clock } = this.#context;
    const record = records.instances.get(instanceId);
    const cause = record === undefined ? null : causeOf(record);
    // With the records it was forgotten that the machine is gone.
    const machine = this.#context.machines.ofInstance(instanceId);
    const isLost = machine === undefined || !this.#context.inForce.usesProvider(machine.provider, machine.group);
    if (record === undefined && isLost) return;
    if (this.#askedToEnd.has(instanceId) || records.isEndForgotten(instanceId)) return;
    if (cause === 'machineStopped' || cause === 'machineGone') return;
    // A target group that a person has taken away: what is open goes on in the process before the reload.
    if (!this.#context.inForce.hasTarget(record?.group ?? machine?.group, member.member.targetGroup)) return;
    // Who answers nobody would not answer them either.
    const { endpoint, checkPort } = member.member;
    if (cause === 'unhealthy' && this.#silent.has(placeAt({ ...endpoint, port: checkPort ?? endpoint.port }))) return;
    const drainedMs = member.drainingMs === null ? 0 : clock.elapsedMs - member.drainingMs;
    if (drainedMs >= member.deregistrationDelayMs) return;
    this.#context.violate(
      'requestsFinish',
      `${requests} requests of ${instanceId} (${cause ?? 'no record'}) were cut because ${why}, ${drainedMs} ms into a deregistration delay of ${member.deregistrationDelayMs} ms`,
    );
  }

  #checkEnded(host: LoadBalancerHost, { id, instanceId }: SimMachine): void {
    if (this.#endsForgotten.size > KEPT) this.#endsForgotten.clear();
    if (this.#context.records.isEndForgotten(instanceId)) this.#endsForgotten.add(id);
    if (this.#endsForgotten.has(id)) return;
    this.#context.violate('routedToEnded', `${host.name} routes to ${instanceId}, whose machine Drover has ended`);
  }

  /** Its address was given to the next machine, before the load balancer had let go of it. */
  #checkMisrouted(
    host: LoadBalancerHost,
    { member }: SimMember,
    machine: SimMachine | undefined,
    there: SimMachine | undefined,
  ): void {
    const { instanceId, targetGroup } = member;
    const { clock } = this.#context;
    if (!there?.answering || there.instanceId === instanceId) return;
    if (this.#context.inForce.groups(there.group).some(({ targetGroups }) => targetGroups.includes(targetGroup)))
      return;
    const sinceMs = this.#misrouted.get(instanceId) ?? clock.elapsedMs;
    this.#misrouted.set(instanceId, sinceMs);
    // What Drover has ended it must have taken out before; what ended by itself is to be noticed.
    const known = machine !== undefined && machine.ended !== null;
    if (known || clock.elapsedMs - sinceMs > MISROUTED_MAX_MS) {
      this.#context.violate(
        'routedToOtherServer',
        `${host.name} routes from ${targetGroup} to ${there.instanceId} of ${there.group}, as ${instanceId}`,
      );
    }
  }
}
