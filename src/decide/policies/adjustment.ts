import type { AdjustmentType } from '../../model/scaling-policy.ts';

/**
 * The size that an adjustment makes of a size, by EC2's rules. Percentages become whole servers so that they never do nothing:
 * more than 1 is rounded down, from 0 to 1 becomes 1, from -1 to 0 becomes -1, less than -1 is rounded toward zero; `minMagnitude`
 * is the fewest servers of such a change. 0 stays 0. Never below 0.
 */
export function adjusted(size: number, type: AdjustmentType, adjustment: number, minMagnitude: number): number {
  switch (type) {
    case 'exactCapacity':
      return Math.max(0, adjustment);
    case 'changeInCapacity':
      return Math.max(0, size + adjustment);
    case 'percentChangeInCapacity':
      return Math.max(0, size + percentage(size, adjustment, minMagnitude));
  }
}

function percentage(size: number, percent: number, minMagnitude: number): number {
  if (percent === 0) return 0;
  const change = Math.max(1, Math.trunc((size * Math.abs(percent)) / 100), minMagnitude);
  return percent > 0 ? change : -change;
}
