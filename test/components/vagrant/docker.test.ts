import { afterAll, beforeAll } from 'vitest';
import { describeProviderConformance } from '../../conformance/provider.ts';
import { requires } from '../../support/requires.ts';
import { DockerEngine, freeNetwork, TINY_WEB } from '../../support/vagrant-engine.ts';
import { type MachineHost, VagrantWorld } from '../../support/vagrant-world.ts';

requires('vagrant')("Vagrant's docker provider", () => {
  let engine: DockerEngine;

  beforeAll(async () => {
    engine = await DockerEngine.start();
  });

  afterAll(() => engine.dispose());

  function host(): MachineHost {
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

  describeProviderConformance('vagrant with docker', () => VagrantWorld.make(host()));
});
