import { describeSeeds } from './seeds.ts';

describeSeeds(3751, 1_250);
