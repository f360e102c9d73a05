import { z } from 'zod';
import { metricSourceType, polledSource } from '../source.ts';
import { rabbitmqDepth, rabbitmqSchema } from './rabbitmq.ts';
import { redisDepth, redisSchema } from './redis.ts';

/** How much work waits in a queue: what worker groups follow. */
export const queueMetric = metricSourceType({
  name: 'queue',
  schema: (baseDir) => z.discriminatedUnion('kind', [rabbitmqSchema(baseDir), redisSchema(baseDir)]),
  create: (settings, { clock }) =>
    polledSource(clock, settings.kind === 'rabbitmq' ? rabbitmqDepth(settings) : redisDepth(settings)),
});
