import { describeProviderConformance } from '../../conformance/provider.ts';
import { AzureWorld } from '../../support/azure/world.ts';

describeProviderConformance('azure', () => AzureWorld.make());
