import { afterAll, beforeAll } from 'vitest';
import { describeProviderConformance } from '../../conformance/provider.ts';
import { DockerEngine } from '../../support/docker-engine.ts';
import { requires } from '../../support/requires.ts';
import { containerHost } from '../../support/vagrant-engine.ts';
import { VagrantWorld } from '../../support/vagrant-world.ts';

requires('vagrant')("Vagrant's docker provider", () => {
  let engine: DockerEngine;

  beforeAll(async () => {
    engine = await DockerEngine.start();
  });

  afterAll(() => engine.dispose());

  describeProviderConformance('vagrant with docker', () => VagrantWorld.make(containerHost(engine)));
});
