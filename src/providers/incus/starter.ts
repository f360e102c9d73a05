import { yamlText } from '../../base/yaml-text.ts';
import type { Starter } from '../../model/starter.ts';
import { nginxGrace, nginxRemedy, nginxUserData } from '../nginx-example.ts';

export const starter: Starter = {
  title: 'containers or virtual machines of Incus',
  questions: [
    { key: 'image', message: 'Which image?', usual: 'debian/12/cloud' },
    { key: 'serverPort', message: 'Which port does a container listen on?', usual: '80' },
  ],
  write: ({ image = '', serverPort = '' }) => ({
    provider: [],
    launchTemplate: [
      `image: ${yamlText(image)}`,
      'imageServer: https://images.linuxcontainers.org',
      'config:',
      '  limits.memory: 512MiB',
      '  limits.cpu: 1',
      ...nginxUserData('a container'),
    ],
    port: serverPort,
    group: [nginxGrace('3m')],
    maxServers: null,
    before: ["Drover's user is in the group incus-admin of this host.", nginxRemedy('an image')],
  }),
};
