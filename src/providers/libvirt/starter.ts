import { yamlText } from '../../base/yaml-text.ts';
import type { Starter } from '../../model/starter.ts';
import { nginxGrace, nginxRemedy, nginxUserData } from '../nginx-example.ts';

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
      ...nginxUserData('a machine'),
    ],
    port: serverPort,
    group: [nginxGrace('5m'), 'launchTimeout: 10m'],
    maxServers: null,
    before: [
      `The storage pool default has the volume ${image}, a cloud image: virsh vol-create-as default ${image} 2GiB --format qcow2, then virsh vol-upload --pool default ${image} IMAGE-FILE.`,
      nginxRemedy('an image'),
    ],
  }),
};
