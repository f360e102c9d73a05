import { describeProviderConformance } from '../../conformance/provider.ts';
import { AzureWorld } from '../../support/azure/world.ts';
import { requires } from '../../support/requires.ts';

requires('openssl')('the stand-in for Azure', () => {
  describeProviderConformance('azure', () => AzureWorld.make());
});
