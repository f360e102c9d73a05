import { expect, it } from 'vitest';
import { matchesStatus } from './health-check.ts';

it.each([
  ['200', 200, true],
  ['200', 201, false],
  ['200-399', 302, true],
  ['200-399', 400, false],
  ['200,204,301-302', 204, true],
  ['200,204,301-302', 302, true],
  ['200,204,301-302', 303, false],
])('a matcher of %s: status %i is %s', (matcher, status, expected) => {
  expect(matchesStatus(matcher, status)).toBe(expected);
});
