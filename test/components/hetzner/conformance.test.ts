import { describeProviderConformance } from '../../conformance/provider.ts';
import { HetznerWorld } from '../../support/hetzner/world.ts';

describeProviderConformance('hetzner', () => HetznerWorld.make());

describeProviderConformance('hetzner, when it is slow', async () => {
  const world = await HetznerWorld.make();
  world.fake.project.conditions.actionMs = 150;
  return world;
});
