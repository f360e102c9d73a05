import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Pty } from '../../support/pty.ts';
import { requires } from '../../support/requires.ts';

const DROVER = join(import.meta.dirname, '../../../bin/drover');

requires('tmux')('drover init in a real terminal', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'drover-init-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const start = (args = '') =>
    Pty.start({
      command: ['sh', '-c', `${DROVER} init ${args}; echo "ended with $?"; read -r _`],
      cwd: folder,
      env: { PATH: process.env.PATH ?? '' },
    });

  it('asks, says at once what is wrong with an answer, and asks again', async () => {
    const pty = await start('--health-path /up --name shop');
    await pty.shows('What are the servers?');
    await pty.press('Enter');
    await pty.shows('Which command starts a server?');
    await pty.type('no-such-program');
    await pty.press('Enter');
    await pty.shows('no-such-program was not found in PATH');
    await pty.press('C-u');
    await pty.type('sh server.sh');
    await pty.press('Enter');
    await pty.shows('How many servers?');
    await pty.type('many');
    await pty.press('Enter');
    await pty.shows('it has to be a whole number');
    await pty.press('C-u');
    await pty.type('3');
    await pty.press('Enter');
    await pty.shows('On which port of this host do requests come in?');
    await pty.press('Enter');
    await pty.shows('ended with 0');
    const text = await readFile(join(folder, 'fleet.yaml'), 'utf8');
    expect(text).toContain('fleet: shop\n');
    expect(text).toContain('command: [sh, server.sh]');
    expect(text).toContain('desiredCapacity: 3 ');
    expect(text).toContain('path: /up ');
  });

  it.each(['C-c', 'C-d'])('%s leaves without a file', async (key) => {
    const pty = await start('--provider process');
    await pty.shows('Which command starts a server?');
    await pty.press(key);
    await pty.shows('ended with 130');
    expect(await pty.screen()).toContain('drover: Nothing was written.');
    await expect(stat(join(folder, 'fleet.yaml'))).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
