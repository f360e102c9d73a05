import { expect, it } from 'vitest';
import { FakeFleetService } from '../../../test/support/fake-service.ts';
import { fakeTerminal } from '../../../test/support/fake-terminal.ts';
import { LiveView } from './live-view.ts';

function setUp() {
  const terminal = fakeTerminal({ tty: true, columns: 80, rows: 24 });
  const service = new FakeFleetService({ now: () => terminal.clock.now() });
  const view = new LiveView(terminal, 'drover');
  const see = () => view.show({ kind: 'seen', status: service.status(), fresh: [] });
  return { terminal, view, see };
}

it('draws again from an empty screen when the terminal changes its size', async () => {
  const { terminal, view, see } = setUp();
  see();
  Object.assign(terminal.stdout, { columns: 60 });
  terminal.stdout.emit('resize');
  view.close();
  await expect.poll(() => terminal.out().split('\u001B[2J\u001B[H')).toHaveLength(2);
  const [, after = ''] = terminal.out().split('\u001B[2J\u001B[H');
  expect(after).toContain('drover  hello');
  expect(terminal.stdout.listenerCount('resize')).toBe(0);
});

it('says why there is nothing to see yet', async () => {
  const { terminal, view } = setUp();
  view.show({ kind: 'lost', error: new Error('The controller is starting.') });
  view.close();
  await expect.poll(terminal.out).toContain('The controller is starting.');
});

it('keeps the time at which it last saw the fleet, and says so at the second miss', async () => {
  const { terminal, view, see } = setUp();
  see();
  await terminal.clock.sleep(3_600_000);
  view.show({ kind: 'lost', error: new Error('gone') });
  await expect.poll(terminal.out).toContain('up 1h');
  expect(terminal.out()).not.toContain('this is how');
  view.show({ kind: 'lost', error: new Error('gone') });
  view.close();
  await expect.poll(terminal.out).toContain('this is how it was last seen');
  expect(terminal.out().split('up 1h').at(-1)).toContain('up 0s');
});
