import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { fakeActions, startFake } from '../../test/support/fake-actions.ts';
import { FakeFleetService } from '../../test/support/fake-service.ts';
import { fakeTerminal } from '../../test/support/fake-terminal.ts';
import type { NotificationStatus } from '../views/notifications.ts';
import { EXIT } from './exit-codes.ts';
import { runCli } from './program.ts';

const HOOK: NotificationStatus = {
  name: 'hook',
  type: 'webhook',
  level: 'warning',
  categories: [],
  groups: [],
  state: 'failing',
  lastDeliveredAt: null,
  error: 'the receiver answers HTTP 500',
  waiting: 7,
};

async function drover(args: string, destinations: readonly NotificationStatus[]) {
  const cwd = await mkdtemp(join(tmpdir(), 'drover-notify-'));
  const service = new FakeFleetService({ now: () => 0 });
  service.notifications.destinations = destinations;
  const running = await startFake(service, { fleetFile: null, dataDir: join(cwd, '.drover'), mode: 'up' });
  onTestFinished(async () => {
    await running.stop();
    await rm(cwd, { recursive: true });
  });
  const terminal = fakeTerminal({ cwd });
  const exitCode = await runCli(
    args.split(' '),
    fakeActions(() => service),
    terminal,
  );
  return { exitCode, out: terminal.out(), err: terminal.err() };
}

describe('notify', () => {
  it('lists the destinations, with what is wrong and what waits', async () => {
    const { exitCode, out } = await drover('notify list', [HOOK]);
    expect(exitCode).toBe(EXIT.ok);
    expect(out).toContain('NAME  TYPE     LEVEL    LAST DELIVERY  WAITING  STATE');
    expect(out).toContain('failing: the receiver answers HTTP 500');
    expect(JSON.parse((await drover('notify list --json', [HOOK])).out)).toEqual([HOOK]);
    expect((await drover('notify list -o name', [HOOK])).out).toBe('hook\n');
    expect((await drover('notify list', [])).out).toContain('The fleet has no notifications');
  });

  it('tests one, and says what there is', async () => {
    const done = await drover('notify test hook', [HOOK]);
    expect(done.exitCode).toBe(EXIT.ok);
    expect(done.out + done.err).toContain('The test message to hook was delivered.');
    const unknown = await drover('notify test mail', [HOOK]);
    expect(unknown.exitCode).toBe(EXIT.refused);
    expect(unknown.err).toContain('There is no destination mail of notifications');
  });
});
