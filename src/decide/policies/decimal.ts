/**
 * Numbers as people write them. 70.1 - 70 is 0.09999999999999432 in binary, and 0.1 + 0.2 is not 0.3: each operation on doubles
 * is off by up to 2^-53 (IEEE 754), some 1e-16 of the larger number. So two numbers count as the same when they differ by less than 1e-9
 * of it: far more than sums of thousands come to, and far less than anybody measures or means.
 */
const ROUNDING = 1e-9;

/**
 * Which is larger: below 0 for `a < b`, 0 for the same, above 0 for `a > b`.
 * @param scale the largest number that they come from, where that is more than they are: a difference is as exact as what it is of
 */
export function compareDecimals(a: number, b: number, scale = 0): number {
  const largest = Math.max(Math.abs(a), Math.abs(b), Math.abs(scale));
  if (a === b || (Number.isFinite(largest) && Math.abs(a - b) <= largest * ROUNDING)) return 0;
  return a < b ? -1 : 1;
}

/** Rounded up to a whole number, unless it is one that was missed by a rounding error. */
export function ceilDecimal(value: number): number {
  return Math.ceil(value * (1 - ROUNDING));
}
