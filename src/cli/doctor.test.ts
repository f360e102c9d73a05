import { describe, expect, it } from 'vitest';
import { fakeActions } from '../../test/support/fake-actions.ts';
import { FakeFleetService } from '../../test/support/fake-service.ts';
import { fakeTerminal } from '../../test/support/fake-terminal.ts';
import type { Finding } from '../model/finding.ts';
import { EXIT } from './exit-codes.ts';
import { runCli } from './program.ts';

async function doctor(words: readonly string[], findings: readonly Finding[]) {
  const terminal = fakeTerminal();
  const more = { doctor: async () => ({ subjects: [{ title: 'Provider farm', findings }] }) };
  const exitCode = await runCli(
    ['doctor', ...words],
    fakeActions(() => new FakeFleetService({ now: () => 0 }), more),
    terminal,
  );
  return { exitCode, out: terminal.out(), err: terminal.err() };
}

const OK: Finding = { level: 'ok', message: 'It is reached.', remedy: null };
const WARNING: Finding = {
  level: 'warning',
  message: 'Little room\u001b[2J is left.',
  remedy: 'Make some: `drover status`.',
};
const ERROR: Finding = { level: 'error', message: 'The token is refused.', remedy: 'Make another one.' };

describe('drover doctor', () => {
  it('ends with 0 where all is well', async () => {
    expect(await doctor([], [OK])).toEqual({
      exitCode: EXIT.ok,
      out: 'Provider farm\n  ok       It is reached.\n\nAll is well.\n',
      err: '',
    });
  });

  it('ends with 0 for warnings, and with 1 for an error, each with what to do', async () => {
    const warned = await doctor([], [OK, WARNING]);
    expect(warned.exitCode).toBe(EXIT.ok);
    expect(warned.out).toContain('  warning  Little room is left.\n           → Make some: `drover status`.\n');
    expect(warned.out).toContain('No errors; 1 warning.');
    const failed = await doctor([], [WARNING, ERROR]);
    expect(failed).toMatchObject({ exitCode: EXIT.failed, err: 'drover: 1 error and 1 warning found.\n' });
    expect(failed.out).toContain('  error    The token is refused.\n           → Make another one.\n');
  });

  it('gives all of it to programs', async () => {
    const { exitCode, out } = await doctor(['--json'], [OK, ERROR]);
    expect(exitCode).toBe(EXIT.failed);
    expect(JSON.parse(out)).toEqual({
      subjects: [{ title: 'Provider farm', findings: [OK, ERROR] }],
      errors: 1,
      warnings: 0,
    });
  });
});
