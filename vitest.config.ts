import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    // Generous, for a machine that has other work, too: what is awaited is asked for again until it is so.
    expect: { poll: { timeout: 20_000 } },
    // Vitest leaves one core free, which is half of a machine with two.
    maxWorkers: '100%',
    reporters: ['default', './test/support/summary-reporter.ts'],
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
          exclude: ['test/simulation/*.test.ts', 'test/e2e/**', 'test/field/**/*.e2e.test.ts'],
          testTimeout: 30_000,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: 'simulation',
          include: ['test/simulation/*.test.ts'],
          testTimeout: 300_000,
          sequence: { groupOrder: 1 },
        },
      },
      {
        // Real HAProxy, real servers, real load: one file at a time, when the others are done, so that they do not slow each other.
        extends: true,
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts', 'test/field/**/*.e2e.test.ts'],
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 60_000,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
