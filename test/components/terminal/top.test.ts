import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { FakeFleet } from '../../support/fake-fleet.ts';
import { Pty } from '../../support/pty.ts';
import { requires } from '../../support/requires.ts';

const DROVER = join(import.meta.dirname, '../../../bin/drover');

requires('tmux')('drover top in a real terminal', () => {
  /** Beside a shell's last line, which has to come back. */
  const top = (fleet: FakeFleet, options: { columns?: number; rows?: number; env?: Record<string, string> } = {}) =>
    Pty.start({
      command: ['sh', '-c', `echo before; ${DROVER} top; echo "ended with $?"; read -r _`],
      cwd: fleet.folder,
      ...options,
    });
  const marked = (screen: string) => screen.split('\n').find((line) => line.startsWith('❯')) ?? '';

  it('looks into a group and an instance, filters, sorts, helps, and leaves the terminal as it was', async () => {
    const fleet = await FakeFleet.start();
    const [first = '', second = ''] = await fleet.instances();
    const pty = await top(fleet);
    await pty.shows('❯ hello');
    // To the last column.
    await pty.shows(/controller pid 4242 {2}\d\d:\d\d:\d\d\n/);
    expect(await pty.isAlternate()).toBe(true);
    await pty.press('Enter');
    await pty.shows('1 of 3');
    expect(marked(await pty.screen())).toContain(first.slice(0, 10));
    await pty.press('j');
    await pty.shows('2 of 3');
    expect(marked(await pty.screen())).toContain(second.slice(0, 10));
    await pty.press('Enter');
    expect(await pty.shows(/state +in service for/)).toContain(second);
    await pty.shows(/launched +\d{4}-/);
    await pty.press('Escape');
    await pty.shows('2 of 3');
    await pty.type(`/${first.slice(0, 9)}`);
    await pty.press('Enter');
    await pty.shows(/1 of 1 +filter: i-/);
    // One after the other at once, as a slow connection brings them.
    await pty.press('Escape', 's', 's');
    expect(await pty.shows('by age')).not.toContain('filter:');
    await pty.type('?');
    await pty.shows('look into a group, or an instance');
    await pty.press('Escape', 'q');
    await pty.shows('ended with 0');
    expect(await pty.isAlternate()).toBe(false);
    expect(await pty.screen()).toBe('before\nended with 0');
  });

  it('scrolls through 1,000 instances, and follows the terminal to another size', async () => {
    const fleet = await FakeFleet.start(1_000);
    const pty = await top(fleet);
    await pty.shows('❯ hello');
    await pty.press('Enter');
    await pty.shows('1 of 1000');
    for (let page = 0; page < 20; page += 1) await pty.press('NPage');
    await pty.press('End');
    await pty.shows('1000 of 1000');
    const last = (await fleet.instances()).at(-1) ?? '';
    expect(marked(await pty.screen())).toContain(last.slice(0, 10));
    await pty.resize(60, 12);
    await expect.poll(async () => (await pty.screen()).split('\n').length).toBe(12);
    expect(marked(await pty.screen())).toContain(last.slice(0, 10));
    await pty.resize(150, 40);
    await expect.poll(async () => (await pty.screen()).split('\n').length).toBe(40);
    await pty.press('C-c');
    await pty.shows('ended with 0');
  });

  it('says that the controller does not answer, shows what was seen last, and goes on by itself', async () => {
    const fleet = await FakeFleet.start();
    const pty = await top(fleet);
    await pty.shows('❯ hello');
    await fleet.stop();
    expect(await pty.shows('The controller does not answer since')).toContain('❯ hello');
    await fleet.run();
    await expect.poll(() => pty.screen()).not.toContain('does not answer');
    await pty.type('q');
    await pty.shows('ended with 0');
  });

  it('needs no colours: NO_COLOR leaves the mark', async () => {
    const fleet = await FakeFleet.start();
    const pty = await top(fleet, { env: { NO_COLOR: '1' } });
    await pty.shows('❯ hello');
    expect(await pty.screen(true)).not.toContain('\u001B[');
  });

  it.each(['SIGTERM', 'SIGHUP'] as const)('gives the terminal back on %s', async (signal) => {
    const fleet = await FakeFleet.start();
    const pty = await Pty.start({
      command: ['sh', '-c', `sh -c 'echo $$ > pid; exec ${DROVER} top'; echo "ended with $?"; read -r _`],
      cwd: fleet.folder,
    });
    await pty.shows('❯ hello');
    process.kill(Number(await readFile(join(fleet.folder, 'pid'), 'utf8')), signal);
    await pty.shows('ended with 0');
    expect(await pty.isAlternate()).toBe(false);
  });

  it('ends with its terminal', async () => {
    const fleet = await FakeFleet.start();
    const pty = await Pty.start({ command: [DROVER, 'top'], cwd: fleet.folder });
    await pty.shows('❯ hello');
    const pid = await pty.pid();
    await pty.hangUp();
    const isThere = () => {
      try {
        return process.kill(pid, 0);
      } catch {
        return false;
      }
    };
    await expect.poll(isThere).toBe(false);
  });
});
