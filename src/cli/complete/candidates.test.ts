import { describe, expect, it } from 'vitest';
import { fakeActions } from '../../../test/support/fake-actions.ts';
import { FakeFleetService } from '../../../test/support/fake-service.ts';
import { fakeTerminal } from '../../../test/support/fake-terminal.ts';
import { splitWords } from '../../base/words.ts';
import { createProgram, runCli } from '../program.ts';
import { complete, type KnownNames } from './candidates.ts';

const actions = fakeActions(() => new FakeFleetService({ now: () => 0 }));
const program = createProgram(actions, fakeTerminal());

const asked: (string | undefined)[] = [];
const list = (...values: string[]) => values.map((value) => ({ value, description: '' }));
const names: KnownNames = {
  groups: async (data) => {
    asked.push(data);
    return list('web', 'worker');
  },
  instances: async () => list('i-aa', 'i-ab', 'i-b'),
  versions: async () => list('2', '1'),
  providers: async () => list('process', 'docker'),
};

async function at(line: string) {
  const { words, isOpen } = splitWords(line);
  const { candidates, files } = await complete(program, isOpen ? words : [...words, ''], names);
  return files === 'none' ? candidates.map(({ value }) => value) : files;
}

describe('completion', () => {
  it.each([
    ['set', ['set-desired']],
    ['fleet ', ['versions', 'show', 'diff', 'rollback', 'help']],
    ['fleet r', ['rollback']],
    ['fleet nope ', []],
    ['explain ', ['web', 'worker']],
    ['explain web ', []],
    ['drain i-a', ['i-aa', 'i-ab']],
    ['drain i-aa ', ['i-ab', 'i-b']],
    ['drain --force i-aa i-ab ', ['i-b']],
    ['drain -- ', ['i-aa', 'i-ab', 'i-b']],
    ['suspend ', ['web', 'worker']],
    ['suspend web la', ['launch']],
    ['suspend web launch l', []],
    ['fleet diff ', ['2', '1']],
    ['status --output ', ['table', 'wide', 'json', 'yaml', 'name']],
    ['status -o y', ['yaml']],
    ['status --output=y', ['--output=yaml']],
    ['status --nope=y', []],
    ['status --w', ['--watch']],
    ['status --watch --w', []],
    ['activities --group w', ['web', 'worker']],
    ['activities --instance i-b', ['i-b']],
    ['activities --level w', ['warning']],
    ['activities --limit ', []],
    ['init --provider d', ['docker']],
    ['validate ', 'files'],
    ['simulate --compare ', 'files'],
    ['--data ', 'folders'],
    ['completion ', ['bash', 'zsh', 'fish']],
    ['help fleet ro', ['rollback']],
    ['help comple', ['completion']],
    ['top ', []],
    ['nope ', []],
  ])('of `drover %s`', async (line, expected) => {
    expect(await at(line)).toEqual(expected);
  });

  it('asks the controller of the data folder that the line names', async () => {
    asked.length = 0;
    await at('--data one explain ');
    await at('explain --data=two ');
    await at('explain ');
    expect(asked).toEqual(['one', 'two', undefined]);
  });

  it('knows the options that all commands have', async () => {
    expect(await at('drain --')).toEqual(['--force', '--wait', '--timeout', '--help', '--data']);
  });
});

describe('drover complete', () => {
  const run = async (...args: string[]) => {
    const terminal = fakeTerminal({ cwd: '/nonexistent' });
    expect(await runCli(['complete', ...args], actions, terminal)).toBe(0);
    return terminal.out();
  };

  it('takes a line or words, and answers for shells', async () => {
    expect(await run('--line', 'A=1 drover completion f')).toBe('fish\t\n:none\n');
    expect(await run('--', 'drover', 'completion', 'f')).toBe('fish\t\n:none\n');
    expect(await run('--line', 'drover val')).toBe('validate\tcheck a fleet file\n:none\n');
    expect(await run('--line', "drover --data 'my folder' validate ")).toBe(':files\n');
  });

  it('says nothing of names where no controller answers', async () => {
    expect(await run('--line', 'drover explain ')).toBe(':none\n');
  });
});
