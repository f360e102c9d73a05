import { describeSeeds } from './seeds.ts';

describeSeeds(7_501, 2_500);
