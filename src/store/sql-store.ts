import type { Kysely } from 'kysely';
import type { Store } from '../ports/store.ts';
import { capacityHistory, readActivities } from './activities.ts';
import { readFleetVersion, readFleetVersions } from './fleet-versions.ts';
import { metricHistory, recordMetrics } from './metric-samples.ts';
import { readNotificationCursors } from './notification-cursors.ts';
import { prune } from './prune.ts';
import { recordSamples, trafficHistory } from './samples.ts';
import type { Tables } from './schema.ts';
import { commit, load } from './state.ts';

/**
 * The store on an SQL database that has the tables of schema.ts. `asStoreError` types what the database throws; `pause` comes between
 * two pieces of a large commit.
 */
export function createSqlStore(
  db: Kysely<Tables>,
  asStoreError: (error: unknown) => unknown,
  pause: () => Promise<void>,
): Store {
  const typed = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await work;
    } catch (error) {
      throw asStoreError(error);
    }
  };
  return {
    load: () => typed(load(db)),
    commit: (change) => typed(commit(db, change, pause)),
    activities: (query) => typed(readActivities(db, query)),
    recordSamples: (samples) => typed(recordSamples(db, samples, pause)),
    recordMetrics: (at, samples) => typed(recordMetrics(db, at, samples)),
    metricHistory: (...query) => typed(metricHistory(db, ...query)),
    trafficHistory: (...query) => typed(trafficHistory(db, ...query)),
    capacityHistory: (...query) => typed(capacityHistory(db, ...query)),
    fleetVersions: () => typed(readFleetVersions(db)),
    fleetVersion: (number) => typed(readFleetVersion(db, number)),
    notificationCursors: () => typed(readNotificationCursors(db)),
    prune: (keep) => typed(prune(db, keep)),
    close: () => typed(db.destroy()),
  };
}
