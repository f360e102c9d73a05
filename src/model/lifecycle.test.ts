import { expect, it } from 'vitest';
import { INSTANCE_STATE_NAMES, LIFECYCLE } from './lifecycle.ts';

it.each(INSTANCE_STATE_NAMES)('the row of %s does not contradict itself', (name) => {
  const row = LIFECYCLE[name];
  expect(row.serves && row.member !== 'ready').toBe(false);
  expect(row.serves && row.isPending).toBe(false);
  expect(row.makesUpSize && (row.isLeaving || !row.countsAgainstMaximum)).toBe(false);
  expect(row.isLeaving && row.mayBeDrained).toBe(false);
  expect(row.member !== null && row.isOver).toBe(false);
  expect(row.isEnding && !row.isLeaving).toBe(false);
  expect(row.countsAgainstMaximum).toBe(!row.isOver);
});
