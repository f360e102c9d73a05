import { z } from 'zod';
import { metricSourceType, polledSource } from './source.ts';

/** Always the same number: to try policies out, and for tests. */
export const constantMetric = metricSourceType({
  name: 'constant',
  schema: () => z.strictObject({ value: z.number().describe('The number that is always read.') }),
  create: ({ value }, { clock }) => polledSource(clock, async () => ({ value })),
});
