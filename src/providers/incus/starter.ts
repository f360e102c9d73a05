import { yamlText } from '../../base/yaml-text.ts';
import type { Starter } from '../../model/starter.ts';

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
      'userData: # what a container does at its first boot; PLACEHOLDER: install your own service here',
      '  text: |',
      '    #cloud-config',
      '    packages: [nginx]',
    ],
    port: serverPort,
    group: ['healthCheckGracePeriod: 3m # cloud-init installs nginx first'],
    maxServers: null,
    before: [
      "Drover's user is in the group incus-admin of this host.",
      'userData installs nginx: put in what installs your service, or use an image that has it.',
    ],
  }),
};
