import { z } from 'zod';
import { didYouMean } from '../../base/suggest.ts';
import type { Metric } from '../../model/metric.ts';
import { durationSchema } from '../../settings/duration.ts';
import { addProblems, parseExplained } from '../../settings/explain.ts';
import { shown } from '../../settings/public.ts';
import type { FleetFileContext } from './launch-template.ts';

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const TIMEOUT_MS = 5 * SECOND_MS;
/** A reading is good for at least so many intervals: one that fails is no gap yet. */
const INTERVALS_OF_AGE = 4;

/** `source`, how it is read, and beside them the settings of that source, validated by its own schema. */
export function metricSchema({ sources, baseDir }: FleetFileContext) {
  return z
    .looseObject({
      source: shown(z.string()).describe('Where the number comes from.'),
      interval: durationSchema({ minMs: SECOND_MS, maxMs: HOUR_MS })
        .prefault('15s')
        .describe('The time from one reading to the next.'),
      timeout: durationSchema({ minMs: 100, maxMs: 2 * MINUTE_MS })
        .optional()
        .describe('How long one reading may take. Default: 5s, or interval if that is less.'),
      maxAge: durationSchema({ minMs: SECOND_MS, maxMs: 24 * HOUR_MS })
        .optional()
        .describe('A reading that is older counts as missing. Default: 1m, or four intervals if that is more.'),
    })
    .transform((value, context): Omit<Metric, 'name'> => {
      const { source: name, interval, timeout, maxAge, ...settings } = value;
      const source = sources.get(name);
      if (source === undefined) {
        const message = `there is no metric source ${JSON.stringify(name)}; ${didYouMean(name, [...sources.keys()])}`;
        context.issues.push({ code: 'custom', message, path: ['source'], input: name });
        return z.NEVER;
      }
      const result = parseExplained(source.settingsSchema(baseDir), settings, COMMON_KEYS);
      if ('problems' in result) return addProblems(context, result.problems, settings);
      return {
        source: name,
        settings: result.value,
        intervalMs: interval,
        timeoutMs: timeout ?? Math.min(TIMEOUT_MS, interval),
        maxAgeMs: maxAge ?? Math.max(MINUTE_MS, INTERVALS_OF_AGE * interval),
      };
    });
}

const COMMON_KEYS = ['source', 'interval', 'timeout', 'maxAge'];
