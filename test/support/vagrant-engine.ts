import { type DockerEngine, TINY_WEB } from './docker-engine.ts';
import { freeNetwork } from './free-network.ts';
import type { MachineHost } from './vagrant-world.ts';

/** Where Vagrant's docker provider makes machines: containers with an address of a private network. */
export function containerHost(engine: DockerEngine): MachineHost {
  return {
    providerSettings: {
      vagrantProvider: 'docker',
      dockerHost: engine.host,
      privateNetwork: { network: `${freeNetwork(26)}.0/24` },
    },
    template: { providerSettings: { image: TINY_WEB } },
    kill: async (name) => void (await engine.docker('kill', name)),
    clear: () => engine.clear(),
  };
}
