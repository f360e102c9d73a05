import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anInstance } from '../../test/conformance/store-examples.ts';
import { asStatus } from '../../test/support/fake-instance.ts';
import { GROUP } from '../../test/support/snapshot.ts';
import type { Instance } from '../model/instance.ts';
import { listInstances } from './instance-list.ts';
import type { InstancePosition, InstanceQuery } from './service.ts';

type Groups = readonly { readonly name: string; readonly instances: readonly Instance[] }[];

function list(groups: Groups, query: InstanceQuery) {
  const shown = groups.map(({ name, instances }) => ({ group: { ...GROUP, name }, instances }));
  return listInstances(shown, query, ({ group }) => ({ id, createdAt }) => ({
    ...asStatus({ id, createdAt, port: 1, state: 'inService', since: 0, killedAt: null, detail: '', requests: 0 }),
    group: group.name,
  }));
}

/** All parts, one after the other. `between` is done before each next one. */
function walk(groups: () => Groups, limit: number, between: () => void = () => {}): readonly string[] {
  const ids: string[] = [];
  let after: InstancePosition | null = null;
  do {
    const { items, next } = list(groups(), after === null ? { limit } : { limit, after });
    expect(items.length).toBeLessThanOrEqual(limit);
    ids.push(...items.map(({ id }) => id));
    after = next;
    between();
  } while (after !== null);
  return ids;
}

const idsOf = fc.uniqueArray(fc.record({ id: fc.string({ minLength: 1 }), createdAt: fc.nat(5) }), {
  selector: ({ id }) => id,
  maxLength: 30,
});
const instancesOf = (all: readonly { readonly id: string; readonly createdAt: number }[]) =>
  all.map(({ id, createdAt }) => anInstance(id, { createdAt }));

describe('a list of instances, part by part', () => {
  it('has each one once, whatever their number and order', () => {
    fc.assert(
      fc.property(idsOf, idsOf, fc.integer({ min: 1, max: 7 }), (web, batch, limit) => {
        const groups = [
          { name: 'web', instances: instancesOf(web.map(({ id, createdAt }) => ({ id: `w${id}`, createdAt }))) },
          { name: 'batch', instances: instancesOf(batch.map(({ id, createdAt }) => ({ id: `b${id}`, createdAt }))) },
        ];
        const all = groups.flatMap(({ instances }) => instances.map(({ id }) => id));
        expect(walk(() => groups, limit).toSorted()).toEqual(all.toSorted());
      }),
    );
  });

  it('has those that stay once, also while others come and go between two parts', () => {
    fc.assert(
      fc.property(idsOf, fc.array(fc.nat(29)), fc.integer({ min: 1, max: 4 }), (all, leaving, limit) => {
        let instances = instancesOf(all);
        const gone = new Set<string>();
        const queue = [...leaving];
        const seen = walk(
          () => [{ name: 'web', instances }],
          limit,
          () => {
            const index = queue.shift();
            const one = index === undefined ? undefined : instances[index % Math.max(1, instances.length)];
            if (one === undefined) return;
            gone.add(one.id);
            instances = instances.filter((other) => other !== one);
          },
        );
        expect(new Set(seen).size).toBe(seen.length);
        const stayed = all.map(({ id }) => id).filter((id) => !gone.has(id));
        expect(seen).toEqual(expect.arrayContaining(stayed));
      }),
    );
  });

  it('goes on where a group was that is gone', () => {
    const groups = [
      { name: 'a', instances: instancesOf([{ id: 'one', createdAt: 1 }]) },
      { name: 'c', instances: instancesOf([{ id: 'two', createdAt: 1 }]) },
    ];
    const after = { group: 'b', createdAt: 9, id: 'gone' };
    expect(list(groups, { limit: 5, after }).items.map(({ id }) => id)).toEqual(['two']);
  });

  it.each<readonly [string, Omit<InstanceQuery, 'limit'>, readonly string[]]>([
    ['a group', { group: 'web' }, ['i-1', 'i-2']],
    ['groups that may be seen', { groups: ['batch'] }, ['i-3']],
    ['a group that may not be seen', { group: 'web', groups: ['batch'] }, []],
    ['a zone', { zone: 'zone-2' }, ['i-2']],
    ['a provider', { provider: 'nobody' }, []],
    ['a health', { health: 'unhealthy' }, ['i-3']],
  ])('chooses by %s', (_, query, ids) => {
    const placement = { zone: 'zone-2', instanceType: null };
    const health = { status: 'unhealthy', since: 1, detail: 'refused' } as const;
    const groups = [
      { name: 'web', instances: [anInstance('i-1'), anInstance('i-2', { placement })] },
      { name: 'batch', instances: [anInstance('i-3', { health })] },
    ];
    expect(list(groups, { limit: 10, ...query }).items.map(({ id }) => id)).toEqual(ids);
  });
});
