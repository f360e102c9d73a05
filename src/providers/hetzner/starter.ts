import { yamlText } from '../../base/yaml-text.ts';
import type { Starter } from '../../model/starter.ts';
import { nginxGrace, nginxRemedy, nginxUserData } from '../nginx-example.ts';

export const starter: Starter = {
  title: 'servers at Hetzner Cloud',
  questions: [
    { key: 'image', message: 'Which image, or snapshot?', usual: 'debian-13' },
    { key: 'serverPort', message: 'Which port does a server listen on?', usual: '80' },
  ],
  write: ({ image = '', serverPort = '' }) => ({
    provider: [
      'type: hetzner',
      "token: { file: hetzner-token } # beside this file, readable by Drover's user alone",
      'locations: [nbg1, fsn1] # the zones; servers are spread over them',
    ],
    launchTemplate: [
      `image: ${yamlText(image)}`,
      'serverType: cx23',
      'sshKeys: [ops] # PLACEHOLDER: the name of a key of the project',
      '# networks: [inner]   # with address: private, HAProxy reaches servers over a private network',
      '# address: private',
      'placementGroup: spread # no two servers on one host',
      ...nginxUserData('a server'),
    ],
    port: serverPort,
    group: [nginxGrace('5m'), 'launchTimeout: 10m'],
    maxServers: null,
    before: [
      'The API token of the project (read and write) goes into the file hetzner-token beside this file: umask 077; cat > hetzner-token',
      'sshKeys names a key of the project: ops is a placeholder.',
      nginxRemedy('a snapshot'),
      'Each server costs money from its launch on.',
    ],
  }),
};
