import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { expect, it } from 'vitest';

const runTimeoutMs = 60_000;

/** The last lines of a run over `fixtures/`: what this reporter says. */
async function closingLines(environment: { readonly CI?: string }): Promise<readonly string[]> {
  const { CI: _, VITEST: __, ...inherited } = process.env;
  const vitest = spawn('vitest', ['run', '--config', `${import.meta.dirname}/fixtures/vitest.config.ts`], {
    env: { ...inherited, ...environment },
    stdio: ['ignore', 'pipe', 'ignore'],
    timeout: runTimeoutMs,
  });
  const [output, [exitCode]] = await Promise.all([text(vitest.stdout), once(vitest, 'exit')]);
  expect(exitCode).toBe(1);
  return output.trimEnd().split('\n').slice(-4);
}

it('closes with what failed, what was missing, and the counts', { timeout: runTimeoutMs }, async () => {
  const lines = await closingLines({});
  expect(lines.slice(0, 2).sort()).toEqual([
    expect.stringMatching(/^Failed: \S*broken\.fixture\.ts: this file does not load$/),
    expect.stringMatching(/^Failed: \S*outcomes\.fixture\.ts > fails: expected 1 to be 2/),
  ]);
  expect(lines.slice(2)).toEqual([
    'Tests were skipped: Unobtainium is missing; install it with: apt-get install unobtainium',
    '2 passed, 2 failed, 3 skipped',
  ]);
});

it('counts tests that miss a component as failed in CI', { timeout: runTimeoutMs }, async () => {
  expect((await closingLines({ CI: 'true' })).at(-1)).toBe('2 passed, 3 failed, 1 skipped');
});
