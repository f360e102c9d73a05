import { describeSeeds } from './seeds.ts';

describeSeeds(5_001, 2_500);
