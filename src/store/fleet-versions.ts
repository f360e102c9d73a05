import type { Kysely, Selectable } from 'kysely';
import type { FleetVersion, FleetVersionSummary } from '../model/fleet-version.ts';
import { digestOf } from './digests.ts';
import { checkRecord, encodeRecord, parseJson, RECORDS, untrustedRecord } from './records.ts';
import type { Tables } from './schema.ts';

/** Older ones go, the oldest first. A document has at most half a megabyte. */
export const KEPT_FLEET_VERSIONS = 200;

type Row = Selectable<Tables['fleet_versions']>;

/** The primary key refuses a number that is taken: of two changes of one version, one is recorded. */
export async function putFleetVersion(db: Kysely<Tables>, version: FleetVersion): Promise<void> {
  const { number, digest, at, origin, document } = version;
  const place = { table: 'fleet_versions', key: number };
  const record = encodeRecord(RECORDS.fleetVersion, place, { digest, at, origin, document });
  await db
    .insertInto('fleet_versions')
    .values({ number, record, row_digest: digestOf(String(number), record) })
    .execute();
}

/** Without their documents, the newest first. */
export async function readFleetVersions(db: Kysely<Tables>): Promise<readonly FleetVersionSummary[]> {
  const rows = await db.selectFrom('fleet_versions').selectAll().orderBy('number', 'desc').execute();
  return rows.map((row) => {
    const { document: _, ...summary } = asVersion(row);
    return summary;
  });
}

/** @param number null for the newest */
export async function readFleetVersion(db: Kysely<Tables>, number: number | null): Promise<FleetVersion | null> {
  const select = db.selectFrom('fleet_versions').selectAll();
  const chosen = number === null ? select.orderBy('number', 'desc').limit(1) : select.where('number', '=', number);
  const row = await chosen.executeTakeFirst();
  return row === undefined ? null : asVersion(row);
}

export async function pruneFleetVersions(db: Kysely<Tables>): Promise<void> {
  const { newest } = await db
    .selectFrom('fleet_versions')
    .select(({ fn }) => fn.max('number').as('newest'))
    .executeTakeFirstOrThrow();
  await db
    .deleteFrom('fleet_versions')
    .where('number', '<=', Number(newest) - KEPT_FLEET_VERSIONS)
    .execute();
}

function asVersion({ number, record, row_digest: digest }: Row): FleetVersion {
  const place = { table: 'fleet_versions', key: number };
  const version = checkRecord(RECORDS.fleetVersion, place, parseJson(place, record));
  if (digest !== null && digest !== digestOf(String(number), record)) {
    throw untrustedRecord(place, 'its content is not what its digest says');
  }
  return { number, ...version };
}
