import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { FakeFleet } from '../../support/fake-fleet.ts';
import { Pty } from '../../support/pty.ts';
import { requires } from '../../support/requires.ts';

const BIN = join(import.meta.dirname, '../../../bin');

const START = {
  bash: ['bash', '--norc', '--noprofile'],
  zsh: ['zsh', '-f'],
  fish: ['fish', '--no-config', '--private'],
};

/** A shell that has loaded its completion. */
async function shellIn(folder: string, name: keyof typeof START): Promise<Pty> {
  const { stdout } = await promisify(execFile)(join(BIN, 'drover'), ['completion', name]);
  await writeFile(join(folder, 'completion'), stdout);
  const env = { PATH: `${BIN}:${process.env.PATH}`, HOME: folder, PS1: 'ready> ' };
  const pty = await Pty.start({ command: START[name], cwd: folder, env, columns: 150 });
  await pty.shows(name === 'fish' ? /[>#]/ : /ready>/);
  await pty.type('source completion; clear; echo loaded');
  await pty.press('Enter');
  await pty.shows(/^loaded$/m);
  return pty;
}

const SHELLS = [
  ['bash', 'tmux'],
  ['zsh', 'zsh'],
  ['fish', 'fish'],
] as const;

for (const [name, component] of SHELLS) {
  requires(component)(`completion in ${name}`, () => {
    it('completes commands, options, values, groups, instances and files', async () => {
      const fleet = await FakeFleet.start();
      const { folder } = fleet;
      const [id = ''] = await fleet.instances();
      await writeFile(join(folder, 'myfleet.yaml'), '');
      const pty = await shellIn(folder, name);
      const completes = async (typed: string, wanted: string) => {
        await pty.type(typed);
        await pty.press('Tab');
        await pty.shows(wanted);
        await pty.press('C-u');
        await expect.poll(() => pty.screen()).not.toContain(wanted);
      };
      await completes('drover set-d', 'drover set-desired');
      await completes('drover fleet ro', 'drover fleet rollback');
      await completes('drover activities --fol', 'drover activities --follow');
      await completes('drover status --output ya', 'drover status --output yaml');
      await completes('drover status --output=ya', 'drover status --output=yaml');
      await completes('drover explain he', 'drover explain hello');
      await completes(`drover drain ${id.slice(0, 6)}`, `drover drain ${id}`);
      await completes('drover suspend hello sched', 'drover suspend hello scheduledActions');
      await completes('drover validate my', 'drover validate myfleet.yaml');
      await completes(`drover --data ${folder}/.drover explain he`, ' explain hello');
      await completes('true; drover pl', 'true; drover plan');
      // Where bash splits words, others do not.
      await completes('drover --data a:b/c=d explain --js', 'drover --data a:b/c=d explain --json');
      // An alias with options of its own: fish and zsh know it by themselves.
      if (name !== 'bash') return;
      await pty.type(`alias d='drover --data ${folder}/.drover'; complete -F _drover d; cd /; clear`);
      await pty.press('Enter');
      await completes('d explain he', 'd explain hello');
    });
  });
}
