import { join } from 'node:path';
import { readBounded } from '../../base/files.ts';
import { splitWords } from '../../base/words.ts';
import { yamlList } from '../../base/yaml-text.ts';
import type { Starter, StarterAnswers } from '../../model/starter.ts';

const MAX_FILE_BYTES = 1024 * 1024;

export const starter: Starter = {
  title: 'programs on this host',
  questions: [
    {
      key: 'command',
      message: 'Which command starts a server? It listens on 127.0.0.1, on the port in PORT',
      usual: null,
    },
  ],
  detect,
  write: ({ command = '' }) => ({
    provider: [],
    launchTemplate: [
      '# Started without a shell, as often as there are servers; each listens on 127.0.0.1, on the port in its environment variable PORT.',
      `command: ${yamlList(commandWords(command))}`,
      '# environment: { NODE_ENV: production }',
      '# workingDirectory: .   # relative to this file',
    ],
    port: null,
    group: [],
    maxServers: null,
    before: [],
  }),
};

/** What only a shell understands. */
const SHELL = /[$`|&;<>*?~(){}]/;

/** The words of a command; where it needs a shell, those that give it one. */
function commandWords(command: string): readonly string[] {
  if (!SHELL.test(command)) return splitWords(command).words;
  // With `exec` the server itself gets the signal to stop, where it is one program.
  const isOne = !/[|&;()]|^\s*(?:exec\s|\w+=)/.test(command);
  return ['sh', '-c', isOne ? `exec ${command.trim()}` : command.trim()];
}

/** The start script of npm's package, or the line `web:` of a Procfile. */
async function detect(folder: string): Promise<StarterAnswers> {
  const command =
    startScriptOf(await textOf(join(folder, 'package.json'))) ?? webOf(await textOf(join(folder, 'Procfile')));
  return command === null ? {} : { command };
}

async function textOf(path: string): Promise<string> {
  return readBounded(path, { maxBytes: MAX_FILE_BYTES }).then(
    ({ bytes }) => Buffer.from(bytes).toString(),
    () => '',
  );
}

function startScriptOf(text: string): string | null {
  let script: unknown;
  try {
    script = JSON.parse(text)?.scripts?.start;
  } catch {
    return null;
  }
  if (typeof script !== 'string' || script.trim() === '') return null;
  // Without npm between, signals and exit codes are the server's own.
  return /^node\s/.test(script.trim()) && !SHELL.test(script) ? script.trim() : 'npm start';
}

function webOf(text: string): string | null {
  return /^web:\s*(\S.*)$/m.exec(text)?.[1]?.trim() ?? null;
}
