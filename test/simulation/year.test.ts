import { expect, it } from 'vitest';
import { effort } from '../support/effort.ts';
import { liveYear, TABLES, type Weight, YEAR_HISTORY } from './run/year.ts';

/** Between two times that it is pruned, a table may grow by so many rows. */
const PRUNE_SLACK_ROWS = 2_500;
const MIB = 2 ** 20;
const MONTHS = effort('months');

it('a year of a busy group leaves memory, database and log bounded', async () => {
  const { months, violations, launches } = await liveYear({ onMonth: () => {}, last: MONTHS });
  expect(violations).toEqual([]);
  expect(launches).toBeGreaterThan(400 * MONTHS);
  expect(months).toHaveLength(MONTHS);
  const [, , early, ...later] = months as [Weight, Weight, Weight, ...Weight[]];
  for (const month of later) {
    expect(month.heapBytes).toBeLessThan(1.2 * early.heapBytes + 5 * MIB);
    expect(month.pages).toBeLessThan(1.3 * early.pages);
    expect(month.logBytes).toBeLessThan(2 * early.logBytes + 10_000);
    for (const table of TABLES) expect(month.rows[table]).toBeLessThan(bound(table) + PRUNE_SLACK_ROWS);
  }
}, 600_000);

function bound(table: (typeof TABLES)[number]): number {
  switch (table) {
    case 'groups':
      return 1;
    case 'instances':
      return YEAR_HISTORY.terminatedInstanceRows;
    case 'activities':
      return YEAR_HISTORY.activityRows;
    case 'traffic_samples':
    case 'health_samples':
      return YEAR_HISTORY.sampleRows;
  }
}
