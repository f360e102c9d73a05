import { afterAll, beforeAll } from 'vitest';
import { describeProviderConformance } from '../../conformance/provider.ts';
import { IncusHost } from '../../support/incus-host.ts';
import { IncusWorld } from '../../support/incus-world.ts';
import { requires } from '../../support/requires.ts';

requires('incus')('Incus', () => {
  let host: IncusHost;

  beforeAll(async () => {
    host = await IncusHost.start();
  });

  afterAll(() => host.dispose());

  describeProviderConformance('incus', () => IncusWorld.make(host));
});
