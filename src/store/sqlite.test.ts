import { mkdtemp, open, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { aChange, anActivity, anInstance, EVERY_STATE, MEMORY } from '../../test/conformance/store-examples.ts';
import { openSqliteStore } from './sqlite.ts';

describe('openSqliteStore', () => {
  let database: DatabaseSync;

  beforeEach(() => {
    database = new DatabaseSync(':memory:');
  });
  afterEach(() => database.close());

  const rows = (sql: string) => database.prepare(sql).all();

  describe('tables that a person can query', () => {
    it('show instances, also terminated ones, as columns', async () => {
      const store = await openSqliteStore({ database });
      await store.commit(
        aChange({
          instances: [anInstance('i-1'), anInstance('i-2', { state: EVERY_STATE.terminated, machine: null })],
        }),
      );
      expect(rows('select id, group_name, state, cause, health, address, port, machine_id from instances')).toEqual([
        {
          id: 'i-1',
          group_name: 'web',
          state: 'inService',
          cause: null,
          health: 'healthy',
          address: '127.0.0.1',
          port: 8_001,
          machine_id: 'machine-of-i-1',
        },
        {
          id: 'i-2',
          group_name: 'web',
          state: 'terminated',
          cause: 'neverHealthy',
          health: 'healthy',
          address: null,
          port: null,
          machine_id: null,
        },
      ]);
      expect(rows('select since, created_at, provider, launch_template_version from instances limit 1')).toEqual([
        { since: 1_000, created_at: 1_000, provider: 'process', launch_template_version: 'v1' },
      ]);
    });

    it('show samples', async () => {
      const store = await openSqliteStore({ database });
      await store.recordSamples({
        at: 60_000,
        traffic: [
          {
            loadBalancer: 'front',
            targetGroup: 'web',
            intervalMs: 10_000,
            requests: 1_255,
            errors5xx: 2,
            openRequests: 3,
            queuedRequests: 1,
            responseTimeMs: 12.5,
            healthyTargets: 2,
            totalTargets: 3,
          },
        ],
        health: [{ targetGroup: 'web', instanceId: 'i-1', health: 'unhealthy', detail: 'connection refused (L4CON)' }],
      });
      expect(rows('select at, requests, errors_5xx, response_time_ms from traffic_samples')).toEqual([
        { at: 60_000, requests: 1_255, errors_5xx: 2, response_time_ms: 12.5 },
      ]);
      expect(rows('select requests_per_second, healthy from readable_traffic')).toEqual([
        { requests_per_second: 125.5, healthy: '2/3' },
      ]);
      expect(rows('select target_group, instance_id, health, detail from readable_health')).toEqual([
        { target_group: 'web', instance_id: 'i-1', health: 'unhealthy', detail: 'connection refused (L4CON)' },
      ]);
    });

    it('shows the averages of metrics', async () => {
      const store = await openSqliteStore({ database });
      for (const value of [2, 5]) await store.recordMetrics(90_000, [{ group: 'web', metric: 'cpu', value }]);
      expect(
        rows('select m.group_name, m.metric, average, minutes, at from readable_metrics as m, metric_samples'),
      ).toEqual([{ group_name: 'web', metric: 'cpu', average: 3.5, minutes: 1, at: 60_000 }]);
    });

    it('have views with local times', async () => {
      const store = await openSqliteStore({ database });
      await store.commit(aChange({ instances: [anInstance('i-1')], activities: [anActivity()] }));
      const local = expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/);
      expect(rows('select since, endpoint, created from readable_instances')).toEqual([
        { since: local, endpoint: '127.0.0.1:8001', created: local },
      ]);
      expect(rows('select time, desired_before, desired_after from readable_activities')).toEqual([
        { time: local, desired_before: 2, desired_after: 3 },
      ]);
    });
  });

  it('writes only the rows that a change names', async () => {
    const store = await openSqliteStore({ database });
    await store.commit(aChange({ instances: Array.from({ length: 1_000 }, (_, index) => anInstance(`i-${index}`)) }));
    const written = () => Number(database.prepare('select total_changes() as total').get()?.total);
    const before = written();
    await store.commit(
      aChange({
        memory: { group: 'web', value: MEMORY },
        instances: [anInstance('i-500', { state: EVERY_STATE.draining })],
        activities: [anActivity()],
      }),
    );
    // Two of the rows are part of the digest of their group, which is a row of its own: the new one is added, the old one subtracted.
    expect(written() - before).toBe(3 + 3);
  });

  it('keeps history within its bounds, the oldest going first', async () => {
    const history = { activityRows: 3, sampleRows: 2, terminatedInstanceRows: 2 };
    const store = await openSqliteStore({ database });
    const ended = (id: string, since: number) => anInstance(id, { state: { ...EVERY_STATE.terminated, since } });
    await store.commit(
      aChange({
        instances: [ended('ended-last', 9), ended('ended-first', 1), ended('ended-second', 2), anInstance('i')],
      }),
    );
    for (const at of [1, 2, 3]) {
      const health = [{ targetGroup: 'web', instanceId: `i-${at}`, health: 'healthy', detail: '' }];
      await store.recordSamples({ at, traffic: [], health });
    }
    await store.prune(history);
    expect(rows('select id from instances order by id').map(({ id }) => id)).toEqual([
      'ended-last',
      'ended-second',
      'i',
    ]);
    expect(rows('select at from health_samples').map(({ at }) => at)).toEqual([2, 3]);
  });

  it('prunes more than one batch', async () => {
    const store = await openSqliteStore({ database });
    const instances = Array.from({ length: 5_500 }, (_, index) =>
      anInstance(`i-${index}`, { state: EVERY_STATE.terminated }),
    );
    await store.commit(aChange({ instances, activities: Array.from({ length: 11_000 }, () => anActivity()) }));
    await store.prune({ activityRows: 7, sampleRows: 7, terminatedInstanceRows: 7 });
    expect(rows('select count(*) as kept from instances')).toEqual([{ kept: 7 }]);
    expect(rows('select count(*) as kept, max(sequence) as newest from activities')).toEqual([
      { kept: 7, newest: 11_000 },
    ]);
  });

  describe('a record that cannot be trusted', () => {
    it.each([
      [`update instances set record = json_set(record, '$.state.name', 'flying')`, 'i-1', 'state'],
      [`update instances set record = json_remove(record, '$.state')`, 'i-1', 'state'],
      [`update instances set record = json_set(record, '$.unknown', 'fine')`, 'i-1', 'unknown'],
      [`update instances set record = json_set(record, '$.id', 'i-2')`, 'i-1', 'i-2'],
      [`update groups set memory = '{'`, 'web', 'JSON'],
      [`update groups set memory = json_set(memory, '$.desired', 'six')`, 'web', 'desired'],
      [`update instances set record = json_set(record, '$.createdAt', 5)`, 'i-1', 'digest'],
      [`update groups set memory = json_set(memory, '$.desired', 1)`, 'web', 'digest'],
    ])('stops load, by name: %s', async (sql, key, what) => {
      const store = await openSqliteStore({ database });
      await store.commit(aChange({ memory: { group: 'web', value: MEMORY }, instances: [anInstance('i-1')] }));
      database.exec(sql);
      const error = await store.load().catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ name: 'PortError', reaction: 'Invalid', code: 'storeRecordUntrusted' });
      expect(error).toHaveProperty('message', expect.stringContaining(`row ${key} of the table`));
      expect(error).toHaveProperty('message', expect.stringContaining(what));
      expect(error).toHaveProperty('message', expect.stringContaining('docs/store.md'));
    });

    it('that a person has mended or deleted is trusted again', async () => {
      const store = await openSqliteStore({ database });
      const instances = [anInstance('i-1'), anInstance('i-2'), anInstance('i-3', { state: EVERY_STATE.terminated })];
      await store.commit(aChange({ memory: { group: 'web', value: MEMORY }, instances }));
      database.exec(`
        update instances set record = json_set(record, '$.createdAt', 5), digest = null where id = 'i-1';
        delete from instances where id = 'i-2'; delete from instances where id = 'i-3'; delete from groups;`);
      expect(await store.load()).toEqual({ groups: new Map(), instances: [anInstance('i-1', { createdAt: 5 })] });
      await store.commit(aChange({ instances: [anInstance('i-1'), anInstance('i-4')] }));
      expect((await store.load()).instances).toHaveLength(2);
    });

    it('says so where rows of different states stand side by side', async () => {
      const store = await openSqliteStore({ database });
      await store.commit(aChange({ instances: [anInstance('i-1'), anInstance('i-2')] }));
      const [before] = rows(`select record, digest from instances where id = 'i-1'`);
      await store.commit(aChange({ instances: [anInstance('i-1', { state: EVERY_STATE.draining })] }));
      expect(await store.load()).toMatchObject({ instances: [{ state: { name: 'draining' } }, {}] });
      database.exec('drop trigger instances_digest_update');
      database
        .prepare(`update instances set record = ?, digest = ? where id = 'i-1'`)
        .run(before?.record ?? null, before?.digest ?? null);
      await expect(store.load()).rejects.toMatchObject({
        name: 'PortError',
        reaction: 'Invalid',
        code: 'storeDamaged',
      });
    });

    it.each([`update activities set reason = 'whim'`, `update activities set before = '{'`])(
      'stops the reading of activities: %s',
      async (sql) => {
        const store = await openSqliteStore({ database });
        await store.commit(aChange({ activities: [anActivity()] }));
        database.exec(sql);
        await expect(store.activities({ limit: 1 })).rejects.toMatchObject({ code: 'storeRecordUntrusted' });
      },
    );
  });

  describe('after a crash in the middle', () => {
    it('leaves each commit whole or undone, wherever it was abandoned', async () => {
      let openTransactions = 0;
      for (let steps = 0; steps < 150; steps += 1) {
        const shared = new DatabaseSync(':memory:');
        const abandoned = await openSqliteStore({ database: shared });
        const change = aChange({
          memory: { group: 'web', value: MEMORY },
          instances: [anInstance('i-1')],
          activities: [anActivity()],
        });
        const outcome = abandoned.commit(change).then(
          () => 'committed',
          () => 'refused',
        );
        for (let step = 0; step < steps; step += 1) await Promise.resolve();
        if (shared.isTransaction) openTransactions += 1;
        const store = await openSqliteStore({ database: shared });
        const { groups, instances } = await store.load();
        const activities = await store.activities({ limit: 10 });
        const found = [groups.size, instances.length, activities.length];
        expect([
          [0, 0, 0],
          [1, 1, 1],
        ]).toContainEqual(found);
        if ((await outcome) === 'committed') expect(found).toEqual([1, 1, 1]);
        await expect(abandoned.load()).rejects.toMatchObject({ name: 'PortError' });
        await store.commit(change);
        expect((await store.load()).instances).toEqual(change.instances);
        shared.close();
      }
      expect(openTransactions).toBeGreaterThan(0);
    });
  });

  describe('the schema', () => {
    it('that a newer Drover has changed is refused, and left as it is', async () => {
      await openSqliteStore({ database });
      const before = rows('select * from kysely_migration').length;
      database.exec(`insert into kysely_migration values ('9999-later', '2030-01-01T00:00:00.000Z')`);
      const error = await openSqliteStore({ database }).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ name: 'PortError', reaction: 'Invalid', code: 'storeSchemaNewer' });
      expect(error).toHaveProperty('message', expect.stringContaining('9999-later'));
      expect(rows('select count(*) as count from kysely_migration')).toEqual([{ count: before + 1 }]);
    });

    it('of before is brought up to date with its records', async () => {
      const store = await openSqliteStore({ database });
      await store.commit(aChange({ memory: { group: 'web', value: MEMORY }, instances: [anInstance('i-1')] }));
      database.exec(`
        update groups set digest = 7, memory = json_set(json_remove(memory, '$.savedAt', '$.bounds.minSizeBy', '$.bounds.maxSizeBy',
            '$.launch.crashes', '$.launch.crashedAt', '$.launch.why', '$.launch.template'),
          '$.unhealthyAt', json('[5, 6]'), '$.file', json('{"kind":"value","value":3}'));
        drop view readable_fleet_versions; drop table fleet_versions; drop table group_leases;
        drop table notification_cursors;
        delete from kysely_migration where name >= '0004';`);
      const { groups, instances } = await (await openSqliteStore({ database })).load();
      expect(groups.get('web')).toEqual({
        ...MEMORY,
        savedAt: null,
        unhealthyAt: {},
        file: { path: null, value: 3, refused: null },
        bounds: { minSize: 1, maxSize: 5, minSizeBy: null, maxSizeBy: null, fleetMinSize: 1, fleetMaxSize: 9 },
        launch: { ...MEMORY.launch, crashes: 0, crashedAt: null, why: '', template: null },
      });
      expect(instances).toHaveLength(1);
    });

    it('of another program is refused', async () => {
      database.exec('create table songs (title text)');
      await expect(openSqliteStore({ database })).rejects.toMatchObject({
        name: 'PortError',
        reaction: 'Invalid',
        code: 'storeNotDrovers',
      });
    });

    it('is brought up to date as a whole or not at all', async () => {
      await openSqliteStore({ database });
      database.exec(`
        delete from kysely_migration; drop view readable_health; drop table groups; drop table instances;
        drop table activities; drop table traffic_samples;`);
      await expect(openSqliteStore({ database })).rejects.toMatchObject({ name: 'PortError' });
      expect(rows(`select name from sqlite_schema where name = 'groups'`)).toEqual([]);
    });
  });

  it('says that the disk is full, keeps nothing of the commit, and goes on when there is room', async () => {
    const store = await openSqliteStore({ database });
    const pages = Number(database.prepare('pragma page_count').get()?.page_count);
    database.exec(`pragma max_page_count = ${pages + 2}`);
    const change = aChange({
      memory: { group: 'web', value: MEMORY },
      instances: Array.from({ length: 200 }, (_, index) => anInstance(`i-${index}`)),
    });
    await expect(store.commit(change)).rejects.toMatchObject({ reaction: 'NoCapacity', code: 'diskFull' });
    expect(await store.load()).toEqual({ groups: new Map(), instances: [] });
    database.exec('pragma max_page_count = 100000');
    await store.commit(change);
    expect((await store.load()).instances).toHaveLength(200);
  });

  it('leaves a database that it was given open', async () => {
    const store = await openSqliteStore({ database });
    await store.commit(aChange({ instances: [anInstance('i-1')] }));
    await store.close();
    expect((await (await openSqliteStore({ database })).load()).instances).toEqual([anInstance('i-1')]);
  });
});

describe('openSqliteStore on disk', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'drover-sqlite-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('is private, durable and readable by others while it is open', async () => {
    const path = join(folder, 'data', 'drover.db');
    const store = await openSqliteStore({ path });
    await store.commit(aChange({ instances: [anInstance('i-1')] }));
    const mode = async (file: string) => (await stat(file)).mode & 0o777;
    expect(await mode(join(folder, 'data'))).toBe(0o700);
    for (const file of [path, `${path}-wal`, `${path}-shm`]) expect(await mode(file)).toBe(0o600);
    const reader = new DatabaseSync(path, { readOnly: true });
    expect(reader.prepare('select id from readable_instances').all()).toEqual([{ id: 'i-1' }]);
    expect(reader.prepare('pragma journal_mode').get()).toEqual({ journal_mode: 'wal' });
    await store.commit(aChange({ instances: [anInstance('i-2')] }));
    reader.exec(`vacuum into '${join(folder, 'backup.db')}'`);
    reader.close();
    await store.close();
    const backup = await openSqliteStore({ path: join(folder, 'backup.db') });
    expect((await backup.load()).instances).toHaveLength(2);
    await backup.close();
  });

  it('says what is wrong with a file that is no database', async () => {
    const path = join(folder, 'drover.db');
    await writeFile(path, 'Dear diary, '.repeat(1_000));
    await expect(openSqliteStore({ path })).rejects.toMatchObject({
      name: 'PortError',
      reaction: 'Invalid',
      code: 'storeNotADatabase',
    });
  });

  it('says what is wrong with a damaged database', async () => {
    const path = join(folder, 'drover.db');
    const store = await openSqliteStore({ path });
    await store.commit(aChange({ instances: Array.from({ length: 500 }, (_, index) => anInstance(`i-${index}`)) }));
    await store.close();
    const { size } = await stat(path);
    const file = await open(path, 'r+');
    await file.write(Buffer.alloc(size - 65_536, 0x5a), 0, size - 65_536, 65_536);
    await file.close();
    await expect(openSqliteStore({ path })).rejects.toMatchObject({
      name: 'PortError',
      reaction: 'Invalid',
      code: 'storeDamaged',
    });
  });

  it('says what is wrong with the path', async () => {
    await writeFile(join(folder, 'file'), '');
    for (const path of [join(folder, 'file', 'drover.db'), folder]) {
      await expect(openSqliteStore({ path })).rejects.toMatchObject({
        name: 'PortError',
        reaction: 'Invalid',
        code: 'storeNotOpened',
      });
    }
  });
});
