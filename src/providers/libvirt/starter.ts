import { yamlText } from '../../base/yaml-text.ts';
import type { Starter } from '../../model/starter.ts';

export const starter: Starter = {
  title: 'virtual machines of libvirt',
  questions: [
    { key: 'image', message: 'Which volume of the storage pool is the base image?', usual: 'debian-12.qcow2' },
    { key: 'serverPort', message: 'Which port does a machine listen on?', usual: '80' },
  ],
  write: ({ image = '', serverPort = '' }) => ({
    provider: [
      'type: libvirt',
      'uri: qemu:///system # or hosts, each with a uri such as qemu+ssh://drover@host/system',
    ],
    launchTemplate: [
      `image: ${yamlText(image)}`,
      'diskSize: 10GiB',
      'memory: 1GiB',
      'vcpus: 1',
      'userData: # what a machine does at its first boot; PLACEHOLDER: install your own service here',
      '  text: |',
      '    #cloud-config',
      '    packages: [nginx]',
    ],
    port: serverPort,
    group: ['healthCheckGracePeriod: 5m # cloud-init installs nginx first', 'launchTimeout: 10m'],
    maxServers: null,
    before: [
      `The storage pool default has the volume ${image}, a cloud image: virsh vol-create-as default ${image} 2GiB --format qcow2, then virsh vol-upload --pool default ${image} IMAGE-FILE.`,
      'userData installs nginx: put in what installs your service, or use an image that has it.',
    ],
  }),
};
