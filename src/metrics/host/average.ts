import type { InstanceId } from '../../model/instance.ts';
import type { MeasuredServer } from '../../ports/metric-source.ts';
import { type Found, Missing } from '../source.ts';
import type { CpuTime } from './cpu-share.ts';

export type Measure = 'cpu' | 'memory' | 'load';

/** What one reading of all servers has found. */
export interface Measured {
  readonly cpu: ReadonlyMap<InstanceId, CpuTime>;
  readonly memoryMiB: ReadonlyMap<InstanceId, number>;
  readonly load: ReadonlyMap<InstanceId, number>;
  /** Why a server could not be measured. */
  readonly failures: ReadonlyMap<InstanceId, string>;
}

/**
 * The mean over the warm servers that could be measured: what a start takes is no load. While none is warm it is that of all, and
 * counts as the average of none. New ones may still be without a value; but the mean of a minority says nothing when most of them
 * could not be reached.
 */
export function average(
  values: ReadonlyMap<InstanceId, number>,
  failures: ReadonlyMap<InstanceId, string>,
  servers: readonly MeasuredServer[],
): Found {
  if (servers.length === 0) throw new Missing('noServers', 'no server is in service');
  const warm = servers.filter(({ isWarm }) => isWarm);
  const meant = warm.length > 0 ? warm : servers;
  const found = meant.flatMap(({ instanceId }) => values.get(instanceId) ?? []);
  const failed = meant.flatMap(({ instanceId }) => failures.get(instanceId) ?? []);
  const [why] = failed;
  if (why !== undefined && (failed.length > meant.length / 2 || found.length === 0)) {
    throw new Missing('failed', `${failed.length} of ${meant.length} servers could not be measured: ${why}`);
  }
  if (found.length === 0) throw new Missing('empty', 'no server reports it, or none has been read twice yet');
  const value = found.reduce((sum, one) => sum + one, 0) / found.length;
  // It stands for those, too, that could not be reached this time.
  return { value, over: warm.length > 0 ? found.length + failed.length : 0 };
}
