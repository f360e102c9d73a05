import { splitWords } from '../../base/words.ts';
import { yamlList } from '../../base/yaml-text.ts';
import type { Starter } from '../../model/starter.ts';

export const starter: Starter = {
  title: 'whatever a script of yours launches',
  questions: [
    { key: 'command', message: 'Which program launches, lists and terminates servers?', usual: './provider.sh' },
    { key: 'serverPort', message: 'Which port does a server listen on?', usual: '80' },
  ],
  write: ({ command = '', serverPort = '' }) => ({
    provider: [
      'type: exec',
      `command: ${yamlList(splitWords(command).words)} # PLACEHOLDER until you have written it; docs/providers/exec.md is what it is asked`,
      'ports: direct # each server has an address of its own',
    ],
    launchTemplate: ['# settings: { size: small }   # what the program is given with each launch'],
    port: serverPort,
    group: [],
    maxServers: null,
    before: [
      `The program ${command} is written, and executable: docs/providers/exec.md is its protocol, examples/exec has one in sh and one in Python.`,
    ],
  }),
};
