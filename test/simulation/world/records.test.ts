import { expect, it } from 'vitest';
import type { Instance } from '../../../src/model/instance.ts';
import { snapshotOf } from '../../support/snapshot.ts';
import { Records } from './records.ts';

/** A hung call of a controller whose data folder was lost may end a machine that the next one has adopted. */
it('knows whose end was asked for before the records were lost, until it is asked for anew', () => {
  const [adopted] = snapshotOf([{ id: 'a' }]).instances;
  if (adopted === undefined) throw new Error('there is one');
  const state = { name: 'terminating', since: 0, cause: 'scaleIn', retryAt: null, commandEnded: false } as const;
  const records = new Records();
  const put = (...instances: readonly Instance[]) => records.apply({ memory: null, instances, activities: [] });
  put({ ...adopted, state }, { ...adopted, id: 'b' });
  expect(records.isEndForgotten('a')).toBe(false);
  records.clear();
  put(adopted, { ...adopted, id: 'b' });
  expect(['a', 'b'].map((id) => records.isEndForgotten(id))).toEqual([true, false]);
  put({ ...adopted, state });
  expect(records.isEndForgotten('a')).toBe(false);
});
