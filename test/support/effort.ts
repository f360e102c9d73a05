import { env } from 'node:process';

/** What CI runs more of than `npm test` does on a developer's machine; everything else is run in both. */
const TABLE = {
  /** Seeds of the simulation that test/simulation lives through. */
  seeds: { everyDay: 800, ci: 10_000 },
  /** Months of the busy year of the simulation. */
  months: { everyDay: 3, ci: 12 },
  /** Inputs that a property with many of them is tried with, of a hundred. */
  propertyRunsPercent: { everyDay: 25, ci: 100 },
  /** For how long each search of test/fuzz goes on; `DROVER_FUZZ_SECONDS` has the last word. */
  fuzzSeconds: { everyDay: 1, ci: 3 },
  /** How long the chaos run strikes; `CHAOS_SECONDS` has the last word. */
  chaosSeconds: { everyDay: 15, ci: 60 },
} as const;

/** How much of it this run does. `CI=true` runs all of it. */
export function effort(of: keyof typeof TABLE): number {
  return TABLE[of][env.CI === undefined || env.CI === '' ? 'everyDay' : 'ci'];
}

/** How many inputs a property is tried with that CI tries with so many. */
export function propertyRuns(inCi: number): { readonly numRuns: number } {
  return { numRuns: Math.ceil((inCi * effort('propertyRunsPercent')) / 100) };
}
