import { yamlText } from '../../base/yaml-text.ts';
import type { Starter } from '../../model/starter.ts';

export const starter: Starter = {
  title: 'machines of Vagrant',
  questions: [
    { key: 'image', message: 'Which box?', usual: 'debian/bookworm64' },
    { key: 'serverPort', message: 'Which port does a machine listen on?', usual: '80' },
  ],
  write: ({ image = '', serverPort = '' }) => ({
    provider: [
      'type: vagrant',
      'vagrantProvider: virtualbox # or libvirt, docker',
      'privateNetwork: # each machine has an address of its own in it',
      '  network: 192.168.56.0/24',
      '  from: 192.168.56.10',
      '  to: 192.168.56.99',
    ],
    launchTemplate: [
      `box: ${yamlText(image)}`,
      'memory: 512MiB',
      'cpus: 1',
      '# provision:   # PLACEHOLDER: scripts that install your service',
      '#   - path: provision.sh',
    ],
    port: serverPort,
    group: [
      'launchTimeout: 20m # one box is imported, booted and prepared after the other',
      'healthCheckGracePeriod: 2m',
    ],
    maxServers: null,
    before: [
      `The box is there: vagrant box add ${image} --provider virtualbox`,
      'launchTemplate.provision names a script that installs your service: it is commented out, because it has to be written first.',
    ],
  }),
};
