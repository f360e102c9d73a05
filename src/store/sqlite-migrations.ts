import { type Kysely, type RawBuilder, sql } from 'kysely';
import type { Migration } from 'kysely/migration';
import { DIGEST_MODULUS, digestSum } from './digests.ts';

/**
 * The schema's history, in the order of the names. One that has been released is never changed: a new one is added, which
 * also brings the JSON records to their new shape.
 */
export const SQLITE_MIGRATIONS: Readonly<Record<string, Migration>> = {
  '0001-initial': { up: initial },
  '0002-digests': { up: addDigests },
  '0003-metric-samples': { up: createMetricSamples },
  '0004-group-memory': { up: reshapeMemory },
  '0005-who-asked': { up: nameWhoAsked },
  '0006-crashes': { up: countCrashes },
  '0007-fleet-versions': { up: createFleetVersions },
  '0008-digests-by-group': { up: digestByGroup },
  '0009-addresses': { up: nameAddresses },
  '0010-group-leases': { up: createGroupLeases },
  '0011-notification-cursors': { up: createNotificationCursors },
};

async function initial(db: Kysely<unknown>): Promise<void> {
  await createState(db);
  await createActivities(db);
  await createSamples(db);
  await createReadableViews(db);
}

/** `json_extract` and not `->>`, which the `sqlite3` of older distributions does not know. */
const inRecord = (path: string) => sql`json_extract(record, ${sql.lit(path)})`;

async function createState(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('groups')
    .addColumn('name', 'text', (column) => column.primaryKey())
    .addColumn('memory', 'text', (column) => column.notNull())
    .execute();
  await db.schema
    .createTable('instances')
    .addColumn('sequence', 'integer', (column) => column.primaryKey())
    .addColumn('id', 'text', (column) => column.notNull().unique())
    .addColumn('record', 'text', (column) => column.notNull())
    .addColumn('group_name', 'text', (column) => column.generatedAlwaysAs(inRecord('$.group')))
    .addColumn('state', 'text', (column) => column.generatedAlwaysAs(inRecord('$.state.name')))
    .addColumn('since', 'integer', (column) => column.generatedAlwaysAs(inRecord('$.state.since')))
    .addColumn('cause', 'text', (column) => column.generatedAlwaysAs(inRecord('$.state.cause')))
    .addColumn('health', 'text', (column) => column.generatedAlwaysAs(inRecord('$.health.status')))
    .addColumn('address', 'text', (column) => column.generatedAlwaysAs(inRecord('$.machine.endpoint.address')))
    .addColumn('port', 'integer', (column) => column.generatedAlwaysAs(inRecord('$.machine.endpoint.port')))
    .addColumn('machine_id', 'text', (column) => column.generatedAlwaysAs(inRecord('$.machine.id')))
    .addColumn('provider', 'text', (column) => column.generatedAlwaysAs(inRecord('$.launchTemplate.provider')))
    .addColumn('launch_template_version', 'text', (column) =>
      column.generatedAlwaysAs(inRecord('$.launchTemplate.version')),
    )
    .addColumn('created_at', 'integer', (column) => column.generatedAlwaysAs(inRecord('$.createdAt')))
    .execute();
  await db.schema.createIndex('instances_by_state').on('instances').columns(['state', 'since']).execute();
}

async function createActivities(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('activities')
    .addColumn('sequence', 'integer', (column) => column.primaryKey().autoIncrement())
    .addColumn('at', 'integer', (column) => column.notNull())
    .addColumn('level', 'text', (column) => column.notNull())
    .addColumn('group_name', 'text')
    .addColumn('instance_id', 'text')
    .addColumn('reason', 'text', (column) => column.notNull())
    .addColumn('message', 'text', (column) => column.notNull())
    .addColumn('capped_by', 'text')
    .addColumn('before', 'text')
    .addColumn('after', 'text')
    .addColumn('explanation', 'text')
    .execute();
  await db.schema.createIndex('activities_by_group').on('activities').columns(['group_name', 'sequence']).execute();
  await db.schema.createIndex('activities_by_instance').on('activities').columns(['instance_id', 'sequence']).execute();
}

async function createSamples(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('traffic_samples')
    .addColumn('sequence', 'integer', (column) => column.primaryKey().autoIncrement())
    .addColumn('at', 'integer', (column) => column.notNull())
    .addColumn('load_balancer', 'text', (column) => column.notNull())
    .addColumn('target_group', 'text', (column) => column.notNull())
    .addColumn('interval_ms', 'integer', (column) => column.notNull())
    .addColumn('requests', 'integer', (column) => column.notNull())
    .addColumn('errors_5xx', 'integer', (column) => column.notNull())
    .addColumn('open_requests', 'integer', (column) => column.notNull())
    .addColumn('queued_requests', 'integer', (column) => column.notNull())
    .addColumn('response_time_ms', 'real', (column) => column.notNull())
    .addColumn('healthy_targets', 'integer', (column) => column.notNull())
    .addColumn('total_targets', 'integer', (column) => column.notNull())
    .execute();
  await db.schema
    .createIndex('traffic_samples_by_target_group')
    .on('traffic_samples')
    .columns(['target_group', 'at'])
    .execute();
  await db.schema
    .createTable('health_samples')
    .addColumn('sequence', 'integer', (column) => column.primaryKey().autoIncrement())
    .addColumn('at', 'integer', (column) => column.notNull())
    .addColumn('target_group', 'text', (column) => column.notNull())
    .addColumn('instance_id', 'text', (column) => column.notNull())
    .addColumn('health', 'text', (column) => column.notNull())
    .addColumn('detail', 'text', (column) => column.notNull())
    .execute();
  await db.schema
    .createIndex('health_samples_by_instance')
    .on('health_samples')
    .columns(['instance_id', 'at'])
    .execute();
}

async function createMetricSamples(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('metric_samples')
    .addColumn('group_name', 'text', (column) => column.notNull())
    .addColumn('metric', 'text', (column) => column.notNull())
    .addColumn('bucket_ms', 'integer', (column) => column.notNull())
    .addColumn('at', 'integer', (column) => column.notNull())
    .addColumn('sum', 'real', (column) => column.notNull())
    .addColumn('count', 'integer', (column) => column.notNull())
    .addPrimaryKeyConstraint('metric_samples_key', ['group_name', 'metric', 'bucket_ms', 'at'])
    .modifyEnd(sql`without rowid`)
    .execute();
  await db.schema.createIndex('metric_samples_by_time').on('metric_samples').columns(['bucket_ms', 'at']).execute();
  await sql`
    create view readable_metrics as
    select ${localTime('at')} as time, group_name, metric, sum / count as average, bucket_ms / 60000 as minutes
    from metric_samples order by at`.execute(db);
}

const localTime = (column: string) => sql`datetime(${sql.ref(column)} / 1000, 'unixepoch', 'localtime')`;

/** For people with a `sqlite3` prompt: local times and the columns that one looks at. Drover itself does not read them. */
async function createReadableViews(db: Kysely<unknown>): Promise<void> {
  await sql`
    create view readable_instances as
    select id, group_name, state, ${localTime('since')} as since, cause, health,
           address || ':' || port as endpoint, provider, machine_id, ${localTime('created_at')} as created
    from instances order by sequence`.execute(db);
  await sql`
    create view readable_activities as
    select sequence, ${localTime('at')} as time, level, group_name, instance_id, reason, message, capped_by,
           json_extract(before, '$.desired') as desired_before, json_extract(after, '$.desired') as desired_after
    from activities order by sequence`.execute(db);
  await sql`
    create view readable_traffic as
    select ${localTime('at')} as time, load_balancer, target_group,
           round(requests * 1000.0 / interval_ms, 1) as requests_per_second, errors_5xx, open_requests, queued_requests,
           response_time_ms, healthy_targets || '/' || total_targets as healthy
    from traffic_samples order by sequence`.execute(db);
  await sql`
    create view readable_health as
    select ${localTime('at')} as time, target_group, instance_id, health, detail
    from health_samples order by sequence`.execute(db);
}

/** Rows of before have none, which counts as 0, until they are written again. */
async function addDigests(db: Kysely<unknown>): Promise<void> {
  for (const table of ['groups', 'instances'])
    await db.schema.alterTable(table).addColumn('digest', 'integer').execute();
  await db.schema
    .createTable('state_digest')
    .addColumn('total', 'integer', (column) => column.notNull())
    .execute();
  await sql`insert into state_digest values (0)`.execute(db);
  const old = { groups: sql`coalesce(old.digest, 0)`, instances: liveDigest('old') };
  const changed = { groups: sql`coalesce(new.digest, 0)`, instances: liveDigest('new') };
  for (const table of ['groups', 'instances'] as const) {
    await addTrigger(db, table, 'insert', sql`0`, changed[table]);
    await addTrigger(db, table, 'update', old[table], changed[table]);
    await addTrigger(db, table, 'delete', old[table], sql`0`);
  }
}

const liveDigest = (row: 'old' | 'new') =>
  sql`case ${sql.ref(`${row}.state`)} when 'terminated' then 0 else coalesce(${sql.ref(`${row}.digest`)}, 0) end`;

async function addTrigger(
  db: Kysely<unknown>,
  table: string,
  event: 'insert' | 'update' | 'delete',
  minus: RawBuilder<unknown>,
  plus: RawBuilder<unknown>,
): Promise<void> {
  const modulus = sql.lit(DIGEST_MODULUS);
  await sql`
    create trigger ${sql.ref(`${table}_digest_${event}`)} after ${sql.raw(event)} on ${sql.table(table)} begin
      update state_digest set total = (total + ${modulus} - (${minus}) + (${plus})) % ${modulus};
    end`.execute(db);
}

/** It got a time, and the health brake forgets what it had counted: it goes by servers now, no longer by events. */
async function reshapeMemory(db: Kysely<unknown>): Promise<void> {
  const memory = sql`json_set(memory, '$.savedAt', null, '$.unhealthyAt', json('{}'))`;
  await sql`update groups set memory = ${memory}, digest = null`.execute(db);
}

/** The desired capacity file's last size outlives a refusal, and a bound names the scheduled action that set it. */
async function nameWhoAsked(db: Kysely<unknown>): Promise<void> {
  const file = sql`
    case json_extract(memory, '$.file.kind')
      when 'value' then json_object('path', null, 'value', json_extract(memory, '$.file.value'), 'refused', null)
      when 'refused' then json_object('path', null, 'value', null, 'refused', json_extract(memory, '$.file.text'))
    end`;
  await sql`
    update groups set digest = null, memory = json_set(memory, '$.file', json(${file}))
    where json_type(memory, '$.file') = 'object'`.execute(db);
  await sql`
    update groups set digest = null, memory = json_set(memory, '$.bounds.minSizeBy', null, '$.bounds.maxSizeBy', null)
    where json_type(memory, '$.bounds') = 'object'`.execute(db);
}

/** Servers that end soon after they came into service count too, and launching remembers why it waits, and for which template. */
async function countCrashes(db: Kysely<unknown>): Promise<void> {
  const nothing = sql`'$.launch.crashes', 0, '$.launch.crashedAt', null, '$.launch.why', '', '$.launch.template', null`;
  await sql`update groups set memory = json_set(memory, ${nothing}), digest = null`.execute(db);
}

/** The desired fleet became a versioned document. */
async function createFleetVersions(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('fleet_versions')
    .addColumn('number', 'integer', (column) => column.primaryKey())
    .addColumn('record', 'text', (column) => column.notNull())
    .addColumn('row_digest', 'integer')
    .addColumn('at', 'integer', (column) => column.generatedAlwaysAs(inRecord('$.at')))
    .addColumn('origin', 'text', (column) => column.generatedAlwaysAs(inRecord('$.origin.kind')))
    .execute();
  await sql`
    create view readable_fleet_versions as
    select number, ${localTime('at')} as time, origin,
           coalesce(json_extract(record, '$.origin.path'), json_extract(record, '$.origin.caller')) as by,
           json_extract(record, '$.digest') as digest
    from fleet_versions order by number`.execute(db);
}

/** A sum for each group, in a row of its own: where many write, those of one group need not wait for those of another. */
async function digestByGroup(db: Kysely<unknown>): Promise<void> {
  const digests = {
    groups: { group: (row: 'old' | 'new') => sql.ref(`${row}.name`), digest: plainDigest },
    instances: {
      group: (row: 'old' | 'new') => sql`coalesce(${sql.ref(`${row}.group_name`)}, '')`,
      digest: liveDigest,
    },
  };
  const tables = ['groups', 'instances'] as const;
  const events = ['insert', 'update', 'delete'] as const;
  for (const table of tables) {
    for (const event of events) await sql`drop trigger ${sql.ref(`${table}_digest_${event}`)}`.execute(db);
  }
  const before = await sql<{ total: number }>`select total from state_digest`.execute(db);
  await db.schema.dropTable('state_digest').execute();
  await db.schema
    .createTable('state_digest')
    .addColumn('group_name', 'text', (column) => column.primaryKey())
    .addColumn('total', 'integer', (column) => column.notNull())
    .modifyEnd(sql`without rowid`)
    .execute();
  await addUpDigests(db, before.rows[0]?.total);
  for (const table of tables) {
    const { group, digest } = digests[table];
    const less = sql`update state_digest set total = (total + ${MODULUS} - (${digest('old')})) % ${MODULUS} where group_name = ${group('old')};`;
    const more = sql`
      insert into state_digest (group_name, total) values (${group('new')}, ${digest('new')})
      on conflict (group_name) do update set total = (total + excluded.total) % ${MODULUS};`;
    const steps = { insert: [more], update: [less, more], delete: [less] };
    for (const event of events) {
      await sql`
        create trigger ${sql.ref(`${table}_digest_${event}`)} after ${sql.raw(event)} on ${sql.table(table)} begin
          ${sql.join(steps[event], sql` `)}
        end`.execute(db);
    }
  }
}

const MODULUS = sql.lit(DIGEST_MODULUS);

const plainDigest = (row: 'old' | 'new') => sql`coalesce(${sql.ref(`${row}.digest`)}, 0)`;

/** @throws Error when the sum of all was another one: what is damaged is not to look whole from here on */
async function addUpDigests(db: Kysely<unknown>, total: number | undefined): Promise<void> {
  const { rows } = await sql<{ name: string; digest: number | null }>`
    select name, digest from groups
    union all select coalesce(group_name, ''), digest from instances where state is not 'terminated'`.execute(db);
  if (digestSum(rows.map(({ digest }) => digest)) !== total) throw new Error('its rows are not all of one state');
  for (const [name, digests] of Map.groupBy(rows, (row) => row.name)) {
    const sum = digestSum(digests.map(({ digest }) => digest));
    await sql`insert into state_digest (group_name, total) values (${name}, ${sum})`.execute(db);
  }
}

/**
 * A machine has addresses, and may map ports; the servers of before were all reached at a port that their provider had assigned. Where
 * a failed health check came from is said no more: it was always the load balancer.
 */
async function nameAddresses(db: Kysely<unknown>): Promise<void> {
  await sql`drop view readable_instances`.execute(db);
  for (const column of ['address', 'port']) await db.schema.alterTable('instances').dropColumn(column).execute();
  const place = sql`json_extract(record, '$.machine.endpoint.port')`;
  await sql`
    update instances set digest = null, record = json_remove(json_set(record,
      '$.machine.addresses', case when ${place} is null then json_array()
        else json_array(json_extract(record, '$.machine.endpoint.address')) end,
      '$.machine.ports', case when ${place} is null then json_array()
        else json_array(json_object('port', ${place}, 'hostPort', ${place})) end), '$.machine.endpoint')
    where json_type(record, '$.machine') = 'object'`.execute(db);
  await sql`
    update instances set digest = null, record = json_remove(record, '$.health.source')
    where json_type(record, '$.health.source') is not null`.execute(db);
  await db.schema
    .alterTable('instances')
    .addColumn('address', 'text', (column) => column.generatedAlwaysAs(inRecord('$.machine.addresses[0]')))
    .execute();
  await db.schema
    .alterTable('instances')
    .addColumn('port', 'integer', (column) => column.generatedAlwaysAs(inRecord('$.machine.ports[0].hostPort')))
    .execute();
  await sql`
    create view readable_instances as
    select id, group_name, state, ${localTime('since')} as since, cause, health,
           coalesce(address || ':' || port, address) as endpoint, provider, machine_id, ${localTime('created_at')} as created
    from instances order by sequence`.execute(db);
}

/** Several controllers may share a store one day; who decides for a group is known by its lease. */
async function createGroupLeases(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('group_leases')
    .addColumn('group_name', 'text', (column) => column.primaryKey())
    .addColumn('epoch', 'integer', (column) => column.notNull())
    .modifyEnd(sql`without rowid`)
    .execute();
}

/** Notifications are sent from the activities that are kept: a cursor over them for each destination. */
async function createNotificationCursors(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('notification_cursors')
    .addColumn('name', 'text', (column) => column.primaryKey())
    .addColumn('record', 'text', (column) => column.notNull())
    .addColumn('delivered', 'integer', (column) => column.generatedAlwaysAs(inRecord('$.delivered')))
    .execute();
}
