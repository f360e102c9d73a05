import type { Starter } from '../../model/starter.ts';
import { nginxGrace, nginxRemedy, nginxUserData } from '../nginx-example.ts';

export const starter: Starter = {
  title: 'EC2 instances of AWS',
  questions: [{ key: 'serverPort', message: 'Which port does an instance listen on?', usual: '80' }],
  write: ({ serverPort = '' }) => ({
    provider: [
      'type: aws',
      'region: eu-central-1 # PLACEHOLDER: your region',
      'zones: # each is a subnet, by its id or by what its tag Name says',
      '  a: { subnet: private-a } # PLACEHOLDER: your subnets',
      '  b: { subnet: private-b } # PLACEHOLDER',
    ],
    launchTemplate: [
      'instanceTypes: [t3a.small, t3.small] # where there is no room for one, the next is tried',
      'imageParameter: /aws/service/debian/release/12/latest/amd64 # or image: ami-...',
      "securityGroups: [sg-0a1b2c3d4e5f60718] # PLACEHOLDER: a group that lets this host reach the instances' port",
      ...nginxUserData('an instance'),
    ],
    port: serverPort,
    group: [nginxGrace('5m'), 'launchTimeout: 10m'],
    maxServers: null,
    before: [
      'region, zones and securityGroups are placeholders: put in those of your account. Drover reaches instances at their private addresses.',
      'Drover finds credentials as the AWS CLI does, with the policy of docs/providers/aws.md.',
      nginxRemedy('an image'),
      'Each instance costs money from its launch on.',
    ],
  }),
};
