import { describeSeeds } from './seeds.ts';

describeSeeds(2501, 1_250);
