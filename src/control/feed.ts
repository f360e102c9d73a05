import { isDeepStrictEqual } from 'node:util';
import type { Instance, InstanceId } from '../model/instance.ts';
import type { FleetSummary, GroupSummary, InstanceStatus, LoadBalancerStatus } from '../views/status.ts';
import type { FleetFeed, FleetNews } from './service.ts';
import {
  fleetSummary,
  groupSummary,
  type InstanceView,
  instanceView,
  loadBalancers,
  type ShownGroup,
  type StatusSources,
  type TargetIndex,
} from './status.ts';

/** What may be different now. */
export type Hint = { readonly kind: 'recorded' } | { readonly kind: 'group' | 'loadBalancer'; readonly name: string };

/** Passes hints on to whoever follows the fleet. Where nobody does, a hint costs nothing. */
export class Hints {
  readonly #listeners = new Set<(hint: Hint) => void>();

  give(hint: Hint): void {
    for (const listener of this.#listeners) listener(hint);
  }

  follow(listener: (hint: Hint) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

export interface FeedOptions {
  readonly sources: () => StatusSources;
  readonly targets: TargetIndex;
  readonly hints: Hints;
  readonly onNews: () => void;
}

/** What a row of an instance was made of, beside traffic: the same parts make the same row. */
interface SentInstance {
  readonly instance: Instance;
  readonly machineDetail: string | undefined;
  readonly health: string;
}

/** Compares the fleet with what was taken before. Only groups that were hinted at are compared. */
export class Feed implements FleetFeed {
  readonly #sources: () => StatusSources;
  readonly #targets: TargetIndex;
  readonly #unfollow: () => void;
  readonly #groups = new Map<string, { summary: GroupSummary; instances: ReadonlyMap<InstanceId, SentInstance> }>();
  #loadBalancers: ReadonlyMap<string, LoadBalancerStatus>;
  #fleet: FleetSummary;
  #hinted = new Set<string>();
  #recorded = false;

  constructor({ sources, targets, hints, onNews }: FeedOptions) {
    this.#sources = sources;
    this.#targets = targets;
    const now = sources();
    this.#fleet = fleetSummary(now);
    this.#loadBalancers = byName(loadBalancers(now));
    const view = instanceView(now, targets);
    for (const group of now.groups) {
      const instances = compare(group, view, new Map()).sent;
      this.#groups.set(group.group.name, { summary: groupSummary(group), instances });
    }
    this.#unfollow = hints.follow((hint) => {
      switch (hint.kind) {
        case 'recorded':
          this.#recorded = true;
          break;
        case 'group':
          this.#hinted.add(hint.name);
          break;
        // What a load balancer sees is shown with the instances of its groups.
        case 'loadBalancer':
          for (const { group } of sources().groups) this.#hinted.add(group.name);
          break;
      }
      onNews();
    });
  }

  take(): FleetNews {
    const groups: GroupSummary[] = [];
    const instances: InstanceStatus[] = [];
    const goneInstances: InstanceId[] = [];
    const now = this.#sources();
    const view = instanceView(now, this.#targets);
    for (const group of now.groups) {
      const { name } = group.group;
      const before = this.#groups.get(name);
      if (before !== undefined && !this.#hinted.has(name)) continue;
      const summary = groupSummary(group);
      if (!isDeepStrictEqual(summary, before?.summary)) groups.push(summary);
      const { sent, changed, gone } = compare(group, view, before?.instances ?? new Map());
      instances.push(...changed);
      goneInstances.push(...gone);
      this.#groups.set(name, { summary, instances: sent });
    }
    const names = new Set(now.groups.map(({ group }) => group.name));
    const goneGroups = [...this.#groups.keys()].filter((name) => !names.has(name));
    for (const name of goneGroups) {
      goneInstances.push(...(this.#groups.get(name)?.instances.keys() ?? []));
      this.#groups.delete(name);
    }
    const news = { groups, goneGroups, instances, goneInstances, ...this.#changedLoadBalancers(now) };
    const recorded = this.#recorded;
    this.#hinted = new Set();
    this.#recorded = false;
    return { ...news, fleet: this.#changedFleet(now), recorded };
  }

  close(): void {
    this.#unfollow();
  }

  #changedLoadBalancers(sources: StatusSources) {
    const now = byName(loadBalancers(sources));
    const before = this.#loadBalancers;
    this.#loadBalancers = now;
    return {
      loadBalancers: [...now.values()].filter((one) => !isDeepStrictEqual(one, before.get(one.name))),
      goneLoadBalancers: [...before.keys()].filter((name) => !now.has(name)),
    };
  }

  #changedFleet(sources: StatusSources): FleetSummary | null {
    const now = fleetSummary(sources);
    const isSame = isDeepStrictEqual({ ...now, at: 0 }, { ...this.#fleet, at: 0 });
    this.#fleet = now;
    return isSame ? null : now;
  }
}

function compare(group: ShownGroup, view: InstanceView, before: ReadonlyMap<InstanceId, SentInstance>) {
  const { instances, machines } = group;
  const show = view(group);
  const sent = new Map<InstanceId, SentInstance>();
  const changed: InstanceStatus[] = [];
  for (const instance of instances) {
    const row = show(instance);
    const health = row.targets.map((target) => `${target.targetGroup} ${target.health} ${target.detail}`).join('\n');
    const machineDetail = machines.get(instance.id)?.detail;
    const earlier = before.get(instance.id);
    sent.set(instance.id, { instance, machineDetail, health });
    if (earlier?.instance === instance && earlier.machineDetail === machineDetail && earlier.health === health)
      continue;
    changed.push(row);
  }
  return { sent, changed, gone: [...before.keys()].filter((id) => !sent.has(id)) };
}

function byName<Named extends { readonly name: string }>(all: readonly Named[]): ReadonlyMap<string, Named> {
  return new Map(all.map((one) => [one.name, one]));
}
