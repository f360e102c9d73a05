import { expect, it } from 'vitest';
import { adjusted } from './adjustment.ts';

it.each([
  ['changeInCapacity', 4, 3, 0, 7],
  ['changeInCapacity', 4, -3, 0, 1],
  ['changeInCapacity', 2, -3, 0, 0],
  ['exactCapacity', 4, 9, 0, 9],
  ['exactCapacity', 4, 0, 0, 0],
  // More than 1 is rounded down.
  ['percentChangeInCapacity', 10, 27, 0, 12],
  ['percentChangeInCapacity', 10, 10, 0, 11],
  // From 0 to 1 becomes 1.
  ['percentChangeInCapacity', 3, 10, 0, 4],
  ['percentChangeInCapacity', 0, 50, 0, 1],
  // From -1 to 0 becomes -1.
  ['percentChangeInCapacity', 3, -10, 0, 2],
  // Less than -1 is rounded toward zero.
  ['percentChangeInCapacity', 10, -27, 0, 8],
  ['percentChangeInCapacity', 4, -100, 0, 0],
  ['percentChangeInCapacity', 10, 0, 0, 10],
  // The least change, in both directions, never below 0.
  ['percentChangeInCapacity', 4, 25, 2, 6],
  ['percentChangeInCapacity', 4, -25, 2, 2],
  ['percentChangeInCapacity', 10, 50, 2, 15],
  ['percentChangeInCapacity', 1, -25, 2, 0],
] as const)('%s: of %d by %d, at least %d, it makes %d', (type, size, adjustment, least, result) => {
  expect(adjusted(size, type, adjustment, least)).toBe(result);
});
