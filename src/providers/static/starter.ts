import { yamlList, yamlText } from '../../base/yaml-text.ts';
import type { Starter } from '../../model/starter.ts';

export const starter: Starter = {
  title: 'hosts of your own, over ssh',
  questions: [
    { key: 'hosts', message: 'Which hosts? (their IP addresses, with commas between)', usual: null },
    { key: 'service', message: 'Which systemd service serves on them?', usual: 'web' },
    { key: 'serverPort', message: 'Which port does it listen on?', usual: '80' },
  ],
  write: ({ hosts = '', service = '', serverPort = '' }) => {
    const addresses = hosts.split(/[\s,]+/).filter((address) => address !== '');
    const systemctl = (verb: string) => yamlList(['sudo', 'systemctl', verb, service]);
    return {
      provider: [
        'type: static',
        'hosts: # each serves one instance at a time, and is a zone',
        ...addresses.map((address, index) => `  host-${index + 1}: { address: ${yamlText(address)} }`),
        "ssh: { user: drover } # with the keys of the user that Drover runs as; the hosts' keys are in known_hosts",
      ],
      launchTemplate: [
        `start: ${systemctl('start')}`,
        `stop: ${systemctl('stop')}`,
        `status: ${yamlList(['systemctl', 'is-active', '--quiet', service])}`,
      ],
      port: serverPort,
      group: [],
      maxServers: addresses.length,
      before: [
        `Each host has the service ${service} (systemd, not enabled), which listens on port ${serverPort}.`,
        `Each host has a user drover that owns /var/lib/drover, takes Drover's ssh key, and may start and stop the service (sudoers: drover ALL=(root) NOPASSWD: /usr/bin/systemctl start ${service}, /usr/bin/systemctl stop ${service}).`,
        'The file known_hosts of the user that Drover runs as has the keys of the hosts: run ssh drover@HOST once for each.',
      ],
    };
  },
};
