import { describeSeeds } from './seeds.ts';

describeSeeds(2_501, 2_500);
