import type { Instance } from '../model/instance.ts';
import type { InstanceStatus } from '../views/status.ts';
import type { InstancePosition, InstanceQuery } from './service.ts';
import type { ShownGroup } from './status.ts';

/** A part of the list. Those that come and go between two parts are in it once or not at all, the others once. */
export function listInstances<Group extends Pick<ShownGroup, 'group' | 'instances'>>(
  groups: readonly Group[],
  query: InstanceQuery,
  show: (group: Group) => (instance: Instance) => InstanceStatus,
): { readonly items: readonly InstanceStatus[]; readonly next: InstancePosition | null } {
  const { after, limit } = query;
  const items: InstanceStatus[] = [];
  const asked = groups
    .filter(({ group: { name } }) => query.group === undefined || name === query.group)
    .filter(({ group: { name } }) => query.groups?.includes(name) !== false)
    .filter(({ group: { name } }) => after === undefined || name >= after.group)
    .toSorted((one, other) => (one.group.name < other.group.name ? -1 : 1));
  for (const group of asked) {
    const shown = show(group);
    const instances = inOrder(group.instances);
    const begin = after?.group === group.group.name ? firstBehind(instances, after) : 0;
    for (let index = begin; index < instances.length; index += 1) {
      const instance = instances[index];
      if (instance === undefined || !matches(instance, query)) continue;
      const last = items.at(-1);
      if (items.length === limit && last !== undefined) {
        return { items, next: { group: last.group, createdAt: last.createdAt, id: last.id } };
      }
      items.push(shown(instance));
    }
  }
  return { items, next: null };
}

function matches({ state, health, placement, launchTemplate }: Instance, query: InstanceQuery): boolean {
  return (
    (query.state === undefined || state.name === query.state) &&
    (query.health === undefined || health.status === query.health) &&
    (query.zone === undefined || placement.zone === query.zone) &&
    (query.provider === undefined || launchTemplate.provider === query.provider)
  );
}

type Ordered = Pick<Instance, 'createdAt' | 'id'>;

/** They nearly always are. */
function inOrder(instances: readonly Instance[]): readonly Instance[] {
  const isSorted = instances.every((one, index) => {
    const before = instances[index - 1];
    return before === undefined || compare(before, one) < 0;
  });
  return isSorted ? instances : instances.toSorted(compare);
}

function compare(one: Ordered, other: Ordered): number {
  return one.createdAt - other.createdAt || (one.id < other.id ? -1 : one.id > other.id ? 1 : 0);
}

function firstBehind(instances: readonly Ordered[], position: Ordered): number {
  let low = 0;
  let high = instances.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const one = instances[middle];
    if (one !== undefined && compare(one, position) <= 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
