import { writeSync } from 'node:fs';
import type { Reporter, SerializedError, TestModule } from 'vitest/node';
import type {} from './requires.ts';

/** Ends a run with why tests were skipped and, as the very last line, `N passed, N failed, N skipped`. */
export default class SummaryReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly SerializedError[]): void {
    const lines = summary(modules, unhandledErrors.length);
    // Other reporters and Vitest itself still have something to say: the last word is said on the way out.
    process.once('exit', () => writeSync(1, `${lines.join('\n')}\n`));
  }
}

/** What fails outside of a test (a file that does not load, a hook, an unhandled rejection) counts as a failure too. */
function summary(modules: readonly TestModule[], unhandledErrors: number): readonly string[] {
  const counts = { passed: 0, failed: unhandledErrors, skipped: 0 };
  const missing = new Set<string>();
  for (const module of modules) {
    counts.failed += module.errors().length;
    for (const suite of module.children.allSuites()) {
      counts.failed += suite.errors().length;
      const { missingComponent } = suite.meta();
      if (missingComponent !== undefined) missing.add(missingComponent);
    }
    for (const test of module.children.allTests()) {
      const { state } = test.result();
      if (state !== 'pending') counts[state] += 1;
    }
  }
  return [
    ...[...missing].map((reason) => `Tests were skipped: ${reason}`),
    `${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`,
  ];
}
