import type { Starter } from '../../model/starter.ts';
import { nginxGrace, nginxRemedy, nginxUserData } from '../nginx-example.ts';

const NO_SUBSCRIPTION = '00000000-0000-0000-0000-000000000000';

export const starter: Starter = {
  title: 'virtual machines of Azure',
  questions: [{ key: 'serverPort', message: 'Which port does a machine listen on?', usual: '80' }],
  write: ({ serverPort = '' }) => ({
    provider: [
      'type: azure',
      `subscriptionId: ${NO_SUBSCRIPTION} # PLACEHOLDER`,
      'resourceGroup: shop # PLACEHOLDER: it is there already',
      'location: westeurope # PLACEHOLDER: your region',
      'zones: ["1", "2"]',
      'credential: { kind: managedIdentity } # of the virtual machine that Drover runs on',
    ],
    launchTemplate: [
      'instanceTypes: [Standard_B2s, Standard_D2s_v5] # where there is no room for one, the next is tried',
      'image: { publisher: Debian, offer: debian-13, sku: 13-gen2 }',
      '# PLACEHOLDER: a subnet that this host reaches',
      `subnet: /subscriptions/${NO_SUBSCRIPTION}/resourceGroups/network/providers/Microsoft.Network/virtualNetworks/inner/subnets/shop`,
      'sshPublicKey: ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIExampleExampleExampleExampleExampleExampleE ops # PLACEHOLDER',
      ...nginxUserData('a machine'),
    ],
    port: serverPort,
    group: [nginxGrace('5m'), 'launchTimeout: 10m'],
    maxServers: null,
    before: [
      'subscriptionId, resourceGroup, location, subnet and sshPublicKey are placeholders: put in yours. Drover reaches machines at their private addresses.',
      'Drover runs on a virtual machine whose identity has the role of docs/providers/azure.md.',
      nginxRemedy('an image'),
      'Each machine costs money from its launch on.',
    ],
  }),
};
