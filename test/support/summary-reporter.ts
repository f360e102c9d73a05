import { writeSync } from 'node:fs';
import { relative } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import type { Reporter, SerializedError, TestModule } from 'vitest/node';
import type {} from './requires.ts';

/**
 * Ends a run with what failed, a line each, so that the last lines of a long log tell it; why tests were skipped; and, as the very last
 * line, `N passed, N failed, N skipped`.
 */
export default class SummaryReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly SerializedError[]): void {
    const lines = summary(modules, unhandledErrors);
    // Other reporters and Vitest itself still have something to say: the last word is said on the way out.
    process.once('exit', () => writeSync(1, `${lines.join('\n')}\n`));
  }
}

/** What fails outside of a test (a file that does not load, a hook, an unhandled rejection) counts as a failure too. */
function summary(modules: readonly TestModule[], unhandledErrors: readonly SerializedError[]): readonly string[] {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  const failures: string[] = [];
  const missing = new Set<string>();
  const fail = (where: string, errors: readonly SerializedError[]) => {
    counts.failed += 1;
    failures.push(`Failed: ${where}: ${firstLine(errors)}`);
  };
  for (const error of unhandledErrors) fail('outside of the tests', [error]);
  for (const module of modules) {
    const file = relative(process.cwd(), module.moduleId);
    for (const error of module.errors()) fail(file, [error]);
    for (const suite of module.children.allSuites()) {
      for (const error of suite.errors()) fail(`${file} > ${suite.fullName}`, [error]);
      const { missingComponent } = suite.meta();
      if (missingComponent !== undefined) missing.add(missingComponent);
    }
    for (const test of module.children.allTests()) {
      const result = test.result();
      if (result.state === 'failed') fail(`${file} > ${test.fullName}`, result.errors);
      else if (result.state !== 'pending') counts[result.state] += 1;
    }
  }
  return [
    ...failures,
    ...[...missing].map((reason) => `Tests were skipped: ${reason}`),
    `${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`,
  ];
}

function firstLine(errors: readonly SerializedError[]): string {
  const [line = ''] = stripVTControlCharacters(errors[0]?.message ?? '').split('\n', 1);
  return line === '' ? 'it gave no reason' : line;
}
