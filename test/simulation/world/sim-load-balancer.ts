import { Serial } from '../../../src/base/serial.ts';
import { untilTakenOver, withMembers } from '../../../src/haproxy/handover.ts';
import type { Member } from '../../../src/model/member.ts';
import {
  type LoadBalancerObservation,
  NO_TRAFFIC,
  type Target,
  type TargetGroupObservation,
  type Traffic,
  WHOLE_TRAFFIC,
} from '../../../src/model/observation.ts';
import { asPortError, PortError } from '../../../src/ports/errors.ts';
import type { Announce, DesiredState, LoadBalancerDriver } from '../../../src/ports/load-balancer.ts';
import { type CallConditions, simulateCall } from './call.ts';
import type { LoadBalancerHost, SimMember } from './load-balancer-host.ts';
import type { Random } from './random.ts';
import type { Trace } from './trace.ts';
import type { VirtualClock } from './virtual-clock.ts';

export interface LoadBalancerConditions {
  /** Writing the configuration to disk, and making it real. */
  readonly save: CallConditions;
  readonly apply: CallConditions;
  readonly observe: CallConditions;
  /** How often the hint that a server's health has changed gets lost. */
  lostHints: number;
  /** How long a server that was taken out is still there. */
  removalMs: readonly [number, number];
  /** How many requests a server that is routed to has open at once. */
  readonly openRequests: readonly [number, number];
}

export interface SimLoadBalancerOptions {
  readonly host: LoadBalancerHost;
  readonly clock: VirtualClock;
  readonly random: Random;
  readonly trace: Trace;
  readonly conditions: LoadBalancerConditions;
  /** Told of each observation that comes back. */
  readonly onObserved: () => void;
}

/** The controller's end of a simulated load balancer: each controller gets its own, the host stays. */
export class SimLoadBalancer implements LoadBalancerDriver {
  readonly #options: SimLoadBalancerOptions;
  readonly #idleObservations = new Map<string, number>();
  /** What is said of each while all of them come and go, by key. */
  readonly #flapping = new Map<string, { readonly health: Target['health']; readonly untilMs: number }>();
  /** What was wrong with unhealthy targets, by key and address: a restart does not make them new. */
  readonly #unhealthy = new Map<string, string>();
  readonly #unwatch = new Set<() => void>();
  readonly #turn = new Serial();
  #abandoned = false;

  constructor(options: SimLoadBalancerOptions) {
    this.#options = options;
  }

  async apply(desired: DesiredState, announce: Announce, signal: AbortSignal): Promise<void> {
    return this.#turn.run(() => this.#apply(desired, announce, signal));
  }

  async observe(signal: AbortSignal): Promise<LoadBalancerObservation> {
    const { clock, host, conditions, onObserved } = this.#options;
    const observation = await this.#call('observe', conditions.observe, signal, () => {
      if (!host.running) throw new PortError('Transient', 'notRunning', `${host.name} is not running`);
      host.observed();
      const members = [...host.members()];
      const listeners = host.disk?.loadBalancer.listeners ?? [];
      const targetGroups = (host.disk?.targetGroups ?? []).map(({ name }) =>
        this.#group(
          name,
          members.filter(({ member }) => member.targetGroup === name),
        ),
      );
      return { at: clock.now(), version: host.version, ...WHOLE_TRAFFIC, listeners, targetGroups };
    });
    onObserved();
    return observation;
  }

  watch(onChange: () => void): () => void {
    const { host, random, conditions } = this.#options;
    const unwatch = host.watch(() => {
      if (!random.chance(conditions.lostHints)) onChange();
    });
    this.#unwatch.add(unwatch);
    return unwatch;
  }

  async stop(signal: AbortSignal): Promise<void> {
    await this.#call('stop', this.#options.conditions.apply, signal, () => this.#options.host.terminate());
  }

  async close(): Promise<void> {
    for (const unwatch of this.#unwatch) unwatch();
    this.#options.host.pauseRemovals();
  }

  /** Its controller has died: what it had not done yet never happens. */
  abandon(): void {
    this.#abandoned = true;
    for (const unwatch of this.#unwatch) unwatch();
    this.#options.host.pauseRemovals();
  }

  async #apply(desired: DesiredState, announce: Announce, signal: AbortSignal): Promise<void> {
    const good = this.#options.host.disk;
    const before = () => [...this.#options.host.members()].flatMap(memberIn);
    const next = untilTakenOver(desired, good, before);
    try {
      await this.#bringTo(next, announce, signal);
    } catch (error) {
      if (good === null || asPortError(error).reaction !== 'Invalid') throw error;
      // Members come and go under the configuration that is in force.
      await this.#bringTo(withMembers(good, desired, before()), announce, signal);
      throw error;
    }
  }

  async #bringTo(desired: DesiredState, announce: Announce, signal: AbortSignal): Promise<void> {
    const { host, conditions } = this.#options;
    await this.#call('save', conditions.save, signal, () => host.save(desired));
    const wasRunning = host.running;
    if (!wasRunning) await announce({ kind: 'start', version: host.version, members: desired.members.length });
    else if (host.needsReload) await announce({ kind: 'reload', why: 'the configuration has changed', cuts: 0 });
    await this.#call('apply', conditions.apply, signal, () => {
      if (host.running) host.reconcile();
      else if (wasRunning) throw new PortError('Transient', 'notRunning', `${host.name} does not run any more`);
      else host.start();
    });
  }

  #call<T>(kind: string, conditions: CallConditions, signal: AbortSignal, effect: () => T): Promise<T> {
    const { clock, random, host, trace } = this.#options;
    return simulateCall({
      clock,
      random,
      conditions,
      signal,
      effect: () => {
        if (this.#abandoned || !host.reachable) {
          throw new PortError('Transient', 'unreachable', `${host.name} cannot be reached`);
        }
        return effect();
      },
      outlivesCaller: false,
      onFault: (fault) => trace.note(host.name, `${kind} ${fault}`),
    });
  }

  #group(name: string, members: readonly SimMember[]): TargetGroupObservation {
    const targets = members.map((member) => this.#target(member));
    const sum = (pick: (traffic: Traffic) => number): number =>
      targets.reduce((total, target) => total + pick(target.traffic), 0);
    const traffic: Traffic = {
      ...NO_TRAFFIC,
      openRequests: sum((one) => one.openRequests),
      requestsTotal: this.#options.host.requestsTotal(name),
      responseTimeMs: 20,
    };
    return { name, traffic, targets };
  }

  /** What it says of itself is no newer than its checks, however wrong it is. */
  #reported(health: Target['health'], { check }: SimMember, key: string): Target['health'] {
    const { host, random, clock } = this.#options;
    if (host.reports === 'truth' || (health !== 'healthy' && health !== 'unhealthy')) return health;
    if (host.reports === 'allDown') return 'unhealthy';
    const before = this.#flapping.get(key);
    if (before !== undefined && clock.elapsedMs < before.untilMs) return before.health;
    const flapped = random.chance(0.5) ? 'unhealthy' : 'healthy';
    this.#flapping.set(key, { health: flapped, untilMs: clock.elapsedMs + check.fastIntervalMs });
    return flapped;
  }

  #healthOf(member: SimMember, key: string): Pick<Target, 'health' | 'detail'> {
    const { address, port } = member.member.endpoint;
    const place = `${key} ${address}:${port}`;
    const health = healthOf(member);
    const known = this.#unhealthy.get(place);
    if (health === 'initial' && known !== undefined) return { health: 'unhealthy', detail: known };
    if (health === 'unhealthy') this.#unhealthy.set(place, member.detail);
    else this.#unhealthy.delete(place);
    return { health, detail: health === 'unavailable' ? '' : member.detail };
  }

  #target(member: SimMember): Target {
    const now = this.#options.clock.elapsedMs;
    const openRequests = member.requests.open(now);
    const key = `${member.member.targetGroup}/${member.member.instanceId}`;
    const idle = member.admin === 'draining' && openRequests === 0;
    const idleObservations = idle ? (this.#idleObservations.get(key) ?? 0) + 1 : 0;
    if (idleObservations > 0) this.#idleObservations.set(key, idleObservations);
    else this.#idleObservations.delete(key);
    const { health, detail } = this.#healthOf(member, key);
    return {
      instanceId: member.member.instanceId,
      health: this.#reported(health, member, key),
      detail,
      idleObservations,
      traffic: {
        ...NO_TRAFFIC,
        openRequests,
        requestsTotal: member.requests.total(now),
        errors5xxTotal: this.#options.host.failedRequests(member),
        responseTimeMs: 20,
      },
    };
  }
}

function healthOf({ admin, health }: SimMember): Target['health'] {
  switch (admin) {
    case 'removed':
      return 'unavailable';
    case 'draining':
      return 'draining';
    case 'ready':
      return health === 'up' ? 'healthy' : health === 'down' ? 'unhealthy' : 'initial';
  }
}

function memberIn({ member, admin }: SimMember): readonly Member[] {
  return admin === 'removed' ? [] : [{ ...member, state: admin }];
}
