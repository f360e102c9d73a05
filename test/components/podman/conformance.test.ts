import { afterAll, beforeAll, describe } from 'vitest';
import { describeProviderConformance } from '../../conformance/provider.ts';
import { DockerWorld } from '../../support/docker-world.ts';
import { describeEngineInTheField } from '../../support/engine-field.ts';
import { PodmanEngine } from '../../support/podman-engine.ts';
import { requires } from '../../support/requires.ts';

requires('podman')("the docker provider with Podman's API", () => {
  let engine: PodmanEngine;

  beforeAll(async () => {
    engine = await PodmanEngine.start();
  });

  afterAll(() => engine.dispose());

  const template = { log: { driver: 'k8s-file' } };
  describeProviderConformance('podman', async () => new DockerWorld([engine], template));

  describe('in the field', () => {
    describeEngineInTheField(
      () => new DockerWorld([engine], template),
      (...args) => engine.docker(...args),
      template,
    );
  });
});
