import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { fakeActions } from '../../test/support/fake-actions.ts';
import { FakeFleetService } from '../../test/support/fake-service.ts';
import { fakeTerminal } from '../../test/support/fake-terminal.ts';
import { EXIT, EXIT_CODES_HELP } from './exit-codes.ts';
import { createProgram } from './program.ts';

const docs = await readFile(new URL('../../docs/cli.md', import.meta.url), 'utf8');
const program = createProgram(
  fakeActions(() => new FakeFleetService({ now: () => 0 })),
  fakeTerminal(),
);

/** Each with its whole name; those that only hold others are none. */
function commandsOf(parent: Command, prefix = ''): (readonly [string, Command])[] {
  const shown = parent.createHelp().visibleCommands(parent);
  return parent.commands
    .filter((command) => shown.includes(command))
    .flatMap((command) => {
      const name = `${prefix}${command.name()}`;
      return command.commands.length > 0 ? commandsOf(command, `${name} `) : [[name, command] as const];
    });
}

/** From the command's heading to the next one. */
function sectionOf(command: string): string {
  const [, section = ''] = docs.split(`### \`drover ${command}`);
  return section.split(/^##/m, 1)[0] ?? '';
}

describe('docs/cli.md', () => {
  it.each(commandsOf(program))('describes %s', (name, command) => {
    const section = sectionOf(name);
    const flags = command.options.map((option) => option.flags);
    const written = [...section.matchAll(/^- `(-[^`]+)`/gm)].map(([, flag]) => flag);
    expect(written.toSorted()).toEqual(flags.toSorted());
    const args = command.registeredArguments.map((each) => {
      const name = `${each.name()}${each.variadic ? '...' : ''}`;
      return each.required ? `<${name}>` : `[${name}]`;
    });
    expect(section.split('\n', 1)[0]).toBe(`${args.map((each) => ` ${each}`).join('')}\``);
  });

  it('describes the options that all commands have', () => {
    for (const { flags } of program.options) expect(docs).toContain(`${flags}\``);
  });

  it('lists the exit codes, as the help does', () => {
    for (const code of Object.values(EXIT)) {
      expect(docs).toMatch(new RegExp(`^\\| ${code} \\|`, 'm'));
      expect(EXIT_CODES_HELP).toMatch(new RegExp(`^ {2}${code} `, 'm'));
    }
  });
});
