import { expect, it } from 'vitest';
import { decide } from '../../../src/decide/decide.ts';
import type { GroupMemory } from '../../../src/model/group-memory.ts';
import type { Reading } from '../../../src/model/observation.ts';
import { healthy, reasons } from '../../support/decisions.ts';
import { type Circumstances, DESIRED_FILE, NOW, snapshotOf } from '../../support/snapshot.ts';

const says = (value: number): Reading => ({ kind: 'value', value, at: NOW });
const away: Reading = { kind: 'missing', code: 'absent', detail: `${DESIRED_FILE} does not exist`, at: NOW };

const decideOn = (memory: Partial<GroupMemory>, file: Reading, group: Circumstances['group'] = {}) =>
  decide(snapshotOf(healthy('a'), { memory, group }, { file }), NOW);

/** The file says 3, and a person has asked for 8 since. */
const wished = { ...decideOn({}, says(3)).memory, desired: 8 };

it.each([
  ['away', away, {}],
  ['empty', { ...away, code: 'empty' }, {}],
  ['half written', says(2.5), {}],
  ['outside of a raised minimum', says(3), { minSize: 4 }],
  ['outside of a lowered maximum', says(3), { maxSize: 2 }],
  ['beyond the maximum', says(30), {}],
] as const)(
  'a desired capacity file that is %s for a moment comes back as it was, which is no news',
  (_, moment, group) => {
    const during = decideOn(wished, moment, group);
    expect(reasons(during)).toContain('desiredCapacityRefused');
    const after = decideOn({ ...during.memory, desired: 8 }, says(3));
    expect(reasons(after)).toContain('desiredCapacityFileReadable');
    expect(after.memory.desired).toBe(8);
  },
);

it('a size that was refused and never applied is news once it can be', () => {
  const during = decideOn(wished, says(20));
  expect(during.memory.desired).toBe(8);
  expect(decideOn(during.memory, says(20), { maxSize: 30 }).memory.desired).toBe(20);
});

it('another size is news, whatever was refused before it', () => {
  expect(decideOn(decideOn(wished, away).memory, says(5)).memory.desired).toBe(5);
});

it('another file is news, though it says the same; so is a file that was given up and is followed again', () => {
  expect(decideOn(wished, says(3), { desiredCapacityFile: '/fleet/other' }).memory.desired).toBe(3);
  const without = decide(snapshotOf(healthy('a'), { memory: wished }), NOW).memory;
  expect(without).toMatchObject({ desired: 8, file: null });
  expect(decideOn(without, says(3)).memory.desired).toBe(3);
});
