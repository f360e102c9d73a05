import { yamlText } from '../../base/yaml-text.ts';
import type { Starter } from '../../model/starter.ts';
import { DEFAULT_ENGINE } from './engine-settings.ts';

export const starter: Starter = {
  title: 'containers of Docker or Podman',
  questions: [
    { key: 'image', message: 'Which image? (nginx:1.27)', usual: null },
    { key: 'serverPort', message: 'Which port does a container listen on?', usual: '80' },
    { key: 'engine', message: 'Where is the engine? (unix:///path, or ssh://user@host)', usual: DEFAULT_ENGINE },
  ],
  write: ({ image = '', serverPort = '', engine = DEFAULT_ENGINE }) => ({
    provider: engine === DEFAULT_ENGINE ? [] : ['type: docker', `engine: ${yamlText(engine)}`],
    launchTemplate: [
      `image: ${yamlText(image)}`,
      `publishedPorts: [${serverPort}] # at the address of the engine's host, at ports that it chooses`,
      '# environment: { LOG_LEVEL: info }',
      '# memory: 256MiB',
      '# cpus: 0.5',
    ],
    port: serverPort,
    group: ['launchTimeout: 5m # the first one pulls the image'],
    maxServers: null,
    before: [],
  }),
};
