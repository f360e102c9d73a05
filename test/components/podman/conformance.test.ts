import { afterAll, beforeAll } from 'vitest';
import { describeProviderConformance } from '../../conformance/provider.ts';
import { DockerWorld } from '../../support/docker-world.ts';
import { PodmanEngine } from '../../support/podman-engine.ts';
import { requires } from '../../support/requires.ts';

requires('podman')("the docker provider with Podman's API", () => {
  let engine: PodmanEngine;

  beforeAll(async () => {
    engine = await PodmanEngine.start();
  });

  afterAll(() => engine.dispose());

  describeProviderConformance('podman', async () => new DockerWorld([engine], { log: { driver: 'k8s-file' } }));
});
