import type { InstanceId } from '../../model/instance.ts';
import type { MeasuredServer } from '../../ports/metric-source.ts';
import { Missing } from '../source.ts';
import type { CpuLook } from './cpu-share.ts';

export type Measure = 'cpu' | 'memory' | 'load';

/** What one look at all servers has found. */
export interface Measured {
  readonly cpu: ReadonlyMap<InstanceId, CpuLook>;
  readonly memoryMiB: readonly number[];
  readonly load: readonly number[];
  /** One sentence for each server that could not be measured. */
  readonly failures: readonly string[];
}

export function measuredServers(servers: readonly MeasuredServer[]): readonly MeasuredServer[] {
  if (servers.length === 0) throw new Missing('absent', 'no server is in service');
  return servers;
}

/**
 * The mean over the servers that could be measured. New ones may still be without a value; but the mean of a minority says
 * nothing when most of them could not be reached.
 */
export function average(values: readonly number[], servers: number, failures: readonly string[]): number {
  const [why] = failures;
  if (why !== undefined && (failures.length > servers / 2 || values.length === 0)) {
    throw new Missing('failed', `${failures.length} of ${servers} servers could not be measured: ${why}`);
  }
  if (values.length === 0) throw new Missing('empty', 'no server tells it, or none has been looked at twice yet');
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
