import { afterAll, beforeAll } from 'vitest';
import { describeProviderConformance } from '../../conformance/provider.ts';
import { DockerEngine } from '../../support/docker-engine.ts';
import { DockerWorld } from '../../support/docker-world.ts';
import { requires } from '../../support/requires.ts';

requires('docker')('the docker provider', () => {
  let engine: DockerEngine;

  beforeAll(async () => {
    engine = await DockerEngine.start();
  });

  afterAll(() => engine.dispose());

  describeProviderConformance('docker', async () => new DockerWorld([engine]));
  describeProviderConformance(
    'docker with published ports',
    async () => new DockerWorld([engine], { publishedPorts: [80] }),
  );
});
