import { describe, expect, it } from 'vitest';
import { fakeActions } from '../../test/support/fake-actions.ts';
import { FakeFleetService } from '../../test/support/fake-service.ts';
import { fakeTerminal } from '../../test/support/fake-terminal.ts';
import { EXIT } from './exit-codes.ts';
import { runCli } from './program.ts';

async function drover(args: string) {
  const terminal = fakeTerminal();
  const words = args.split(' ').filter((word) => word !== '');
  const exitCode = await runCli(
    words,
    fakeActions(() => new FakeFleetService({ now: () => 0 })),
    terminal,
  );
  return { exitCode, out: terminal.out(), err: terminal.err() };
}

describe('usage', () => {
  it.each([
    'frobnicate',
    'status --jsn',
    'status --json --watch',
    'activities --limit 0',
    'activities --level loud',
    'drain',
    'suspend hello lunch',
  ])('%s is refused', async (args) => {
    const { exitCode, out, err } = await drover(args);
    expect({ exitCode, out }).toEqual({ exitCode: EXIT.usage, out: '' });
    expect(err).toMatch(/^drover: [A-Z'].*[.?] `drover --help` lists the commands and options\.\n$/);
  });

  it('errors have one form, whoever finds them', async () => {
    expect((await drover('status --jsn')).err).toContain(
      "drover: Unknown option '--jsn'. Did you mean --json? `drover",
    );
    expect((await drover('drain')).err).toContain("drover: Missing required argument 'instance'. `drover");
    expect((await drover('suspend hello lunch')).err).toContain(
      "drover: 'lunch' is not a valid <process>. The processes",
    );
    const boot = (await drover('simulate --group hello --boot soon')).err;
    expect(boot).toContain("drover: Option '--boot <duration>' argument 'soon' is invalid. It must be a duration");
  });

  it('an option that has taken the command says so', async () => {
    const err =
      'drover: --data needs a folder: it took status, which is a command. Write `drover --data <folder> status`.\n';
    for (const args of ['--data status', '--data status --json']) {
      expect(await drover(args)).toEqual({ exitCode: EXIT.usage, out: '', err });
    }
    expect((await drover('--data folder')).err).toBe('drover: Which command? `drover --help` lists them.\n');
  });

  it('help of what is no command', async () => {
    const known =
      'activities, apply, completion, dashboard, demo, doctor, down, drain, explain, fleet, help, init, logs, notify, plan, reload, resume, run, schema, set-desired, simulate,';
    expect(await drover('help nope')).toMatchObject({
      exitCode: EXIT.usage,
      out: '',
      err: expect.stringContaining(`drover: There is no command nope; known: ${known} status,`),
    });
    expect((await drover('help statu')).err).toBe('drover: There is no command statu; did you mean status?\n');
    expect((await drover('help fleet versions')).out).toContain('Usage: drover fleet versions');
    expect((await drover('help fleet version')).err).toBe(
      'drover: There is no command version; did you mean versions?\n',
    );
    expect((await drover('help')).out).toContain('Exit codes:');
  });

  it('the help is what a command without words is answered with', async () => {
    expect(await drover('')).toEqual({ exitCode: EXIT.usage, out: '', err: expect.stringMatching(/^Usage: drover/) });
  });

  it('help and version', async () => {
    const help = await drover('--help');
    expect(help.exitCode).toBe(EXIT.ok);
    expect(help.out).toContain('Exit codes:');
    expect(await drover('--version')).toEqual({ exitCode: EXIT.ok, out: '0.1.0\n', err: '' });
    expect((await drover('help drain')).out).toContain('Drains instances: each gets no');
  });
});
