import { existsSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/** A project for each folder, so that a developer can leave out what is not installed: `npm test -- --project '!docker'`. */
const COMPONENTS = fileURLToPath(new URL('test/components', import.meta.url));
const components = existsSync(COMPONENTS) ? readdirSync(COMPONENTS) : [];

export default defineConfig({
  test: {
    // A worker keeps what its files have imported: to load the sources anew for each of them takes longer than most of the tests.
    isolate: false,
    // Node runs the sources as it does for users. Vite's own way of running them makes the simulation a fifth slower.
    experimental: { viteModuleRunner: false },
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
          include: ['src/**/*.test.ts', 'web/src/**/*.test.ts', 'test/**/*.test.ts'],
          exclude: [
            'test/simulation/*.test.ts',
            'test/e2e/**',
            'test/field/**/*.e2e.test.ts',
            'test/components/**',
            'test/dashboard/**',
          ],
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
        // Real HAProxy, real servers, real load, when the others are done. They wait more than they work, so several files at a time.
        extends: true,
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts', 'test/field/**/*.e2e.test.ts'],
          maxWorkers: 3,
          testTimeout: 120_000,
          hookTimeout: 60_000,
          sequence: { groupOrder: 2 },
        },
      },
      {
        // A real browser, which needs a core of its own to be as quick as a user's.
        extends: true,
        test: {
          name: 'dashboard',
          include: ['test/dashboard/**/*.test.ts'],
          maxWorkers: 1,
          testTimeout: 120_000,
          hookTimeout: 120_000,
          sequence: { groupOrder: 3 },
        },
      },
      // Real engines, machines and clouds' stand-ins: what providers are tested against.
      ...components.map((name) => ({
        extends: true as const,
        test: {
          name,
          include: [`test/components/${name}/**/*.test.ts`],
          maxWorkers: 2,
          testTimeout: 180_000,
          hookTimeout: 180_000,
          sequence: { groupOrder: 4 },
        },
      })),
    ],
  },
});
