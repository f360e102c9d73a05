import { PortError } from '../../../src/ports/errors.ts';
import type { Change, Store } from '../../../src/ports/store.ts';
import { DrawnDefect } from './call.ts';
import type { Random } from './random.ts';
import type { Trace } from './trace.ts';

export interface StoreConditions {
  /** How often a transaction is refused; nothing of it is written. */
  failsBefore: number;
  /** How often one meets a programming error; nothing of it is written. */
  defects: number;
}

export interface SimStoreOptions {
  readonly store: Store;
  readonly random: Random;
  readonly trace: Trace;
  readonly conditions: StoreConditions;
  /** Told of each change that has been committed. */
  readonly onCommit: (change: Change) => void;
  /** Told of each that could not be. */
  readonly onRefused: (change: Change) => void;
}

/** The real store, with faults in front of it and a witness of its commits. */
export function simulatedStore({ store, random, trace, conditions, onCommit, onRefused }: SimStoreOptions): Store {
  const write = async (what: string, work: () => Promise<void>): Promise<void> => {
    if (random.chance(conditions.failsBefore)) {
      trace.note('store', `${what} fails`);
      throw new PortError('Transient', 'storeInputOutput', 'the database could not be written; look at the disk');
    }
    if (conditions.defects > 0 && random.chance(conditions.defects)) {
      trace.note('store', `${what} meets an error in Drover itself`);
      throw new DrawnDefect();
    }
    await work();
  };
  const read = async <T>(what: string, work: () => Promise<T>): Promise<T> => {
    await write(what, async () => {});
    return work();
  };
  return {
    load: () => read('load', () => store.load()),
    commit: (change) =>
      write('commit', async () => {
        await store.commit(change);
        onCommit(change);
      }).catch((error: unknown) => {
        onRefused(change);
        throw error;
      }),
    activities: (query) => store.activities(query),
    recordSamples: (samples) => write('recordSamples', () => store.recordSamples(samples)),
    recordMetrics: (at, samples) => write('recordMetrics', () => store.recordMetrics(at, samples)),
    metricHistory: (...query) => store.metricHistory(...query),
    trafficHistory: (...query) => store.trafficHistory(...query),
    capacityHistory: (...query) => store.capacityHistory(...query),
    fleetVersions: () => store.fleetVersions(),
    fleetVersion: (number) => store.fleetVersion(number),
    notificationCursors: () => store.notificationCursors(),
    prune: (keep) => write('prune', () => store.prune(keep)),
    close: () => store.close(),
  };
}
