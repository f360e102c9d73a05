import { expect, it } from 'vitest';
import { decide } from '../../../src/decide/decide.ts';
import type { Decision } from '../../../src/decide/draft.ts';
import type { GroupMemory } from '../../../src/model/group-memory.ts';
import type { Reading } from '../../../src/model/observation.ts';
import { healthy, holds, reasons } from '../../support/decisions.ts';
import { NOW, snapshotOf } from '../../support/snapshot.ts';

const absent = (at: number): Reading => ({ kind: 'missing', code: 'absent', detail: 'desired is not there', at });
const says =
  (value: number) =>
  (at: number): Reading => ({ kind: 'value', value, at });
const decideOn = (memory: Partial<GroupMemory>, file: (at: number) => Reading, afterMs: number): Decision =>
  decide(snapshotOf(healthy('a', 'b', 'c'), { memory }, { file: file(NOW + afterMs) }), NOW + afterMs);

it('a file that comes and goes is reported a few times a minute, and its size stays right', () => {
  let memory: Partial<GroupMemory> = { desired: 3, fleetDesired: 3 };
  const reported: string[] = [];
  for (let afterMs = 0; afterMs < 30_000; afterMs += 1_000) {
    const decision = decideOn(memory, [absent, says(2.5), says(3)][(afterMs / 1_000) % 3] ?? absent, afterMs);
    reported.push(...reasons(decision));
    expect(decision.memory.desired).toBe(3);
    memory = decision.memory;
  }
  expect(reported).toEqual(['desiredCapacityRefused', 'desiredCapacityRefused', 'desiredCapacityFileReadable']);
  // What stays is reported in the end, and held until then.
  const during = decideOn(memory, absent, 31_000);
  expect(reasons(during)).toEqual([]);
  expect(holds(during)).toContain('desiredCapacityRefused');
  expect(during.wakeAt).toBe(NOW + 60_000);
  const after = decideOn(during.memory, absent, 61_000);
  expect(reasons(after)).toEqual(['desiredCapacityRefused']);
  expect(decideOn(after.memory, absent, 200_000).activities).toEqual([]);
});

it('each new reason is reported at once, up to ten a minute', () => {
  let memory: Partial<GroupMemory> = { desired: 3, fleetDesired: 3 };
  const reported: string[] = [];
  for (let index = 0; index < 20; index += 1) {
    const decision = decideOn(memory, says(100 + index), index * 100);
    reported.push(...reasons(decision));
    memory = decision.memory;
  }
  expect(reported).toHaveLength(10);
});
