import { ProcessWorld } from '../support/process-world.ts';
import { describeProviderConformance } from './provider.ts';

describeProviderConformance('process', ProcessWorld.make);
