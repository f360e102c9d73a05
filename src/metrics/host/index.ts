import { z } from 'zod';
import { loadAverage } from '../../base/procfs.ts';
import type { InstanceId } from '../../model/instance.ts';
import type { MetricContext } from '../../ports/metric-source.ts';
import { httpPathSchema, portSchema } from '../../settings/fields.ts';
import { httpAccessFields, ONE_AUTHORIZATION, ONE_PASSWORD, PASSWORD_OF_A_USER, requestHeaders } from '../access.ts';
import { optional } from '../settings.ts';
import { metricSourceType, polledSource, type Read } from '../source.ts';
import { average, type Measure, type Measured } from './average.ts';
import { CpuShares } from './cpu-share.ts';
import { measureExporters } from './exporters.ts';
import { measureProcesses } from './processes.ts';

function schema(baseDir: string) {
  return z
    .strictObject({
      measure: z
        .enum(['cpu', 'memory', 'load'])
        .describe(
          'The mean over the warm servers in service of: cpu in percent (100 is one core of a process, or all of a machine), memory in MiB, load (over the last minute).',
        ),
      exporterPort: optional(portSchema).describe(
        "The port of each server's node_exporter. Without it the servers are processes of this host.",
      ),
      path: httpPathSchema.default('/metrics').describe('The path of its metrics.'),
      ...httpAccessFields(baseDir),
    })
    .refine(ONE_PASSWORD.holds, ONE_PASSWORD.problem)
    .refine(PASSWORD_OF_A_USER.holds, PASSWORD_OF_A_USER.problem)
    .refine(ONE_AUTHORIZATION.holds, ONE_AUTHORIZATION.problem);
}
type Settings = z.infer<ReturnType<typeof schema>>;

/** How busy the servers are themselves. */
export const hostMetric = metricSourceType({
  name: 'host',
  schema,
  create: (settings, context) => polledSource(context.clock, readerOf(settings, context)),
});

function readerOf({ measure, exporterPort, path, ...access }: Settings, { servers }: MetricContext): Read {
  // Processes of one host have one load.
  if (measure === 'load' && exporterPort === null) return async () => ({ value: loadAverage() });
  const shares = new CpuShares();
  return async (signal) => {
    const inService = servers();
    const measured =
      exporterPort === null
        ? measureProcesses(inService)
        : await measureExporters(
            inService,
            { port: exporterPort, path, headers: await requestHeaders(access) },
            signal,
          );
    return average(valuesOf(measure, measured, shares), measured.failures, inService);
  };
}

function valuesOf(
  measure: Measure,
  { cpu, memoryMiB, load }: Measured,
  shares: CpuShares,
): ReadonlyMap<InstanceId, number> {
  switch (measure) {
    case 'cpu':
      return shares.percents(cpu);
    case 'memory':
      return memoryMiB;
    case 'load':
      return load;
  }
}
