import { spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { CATALOGUE } from '../../src/telemetry/catalogue.ts';
import { RealFleet } from '../support/fleet.ts';
import { kill } from '../support/processes.ts';
import { ask } from '../support/request.ts';
import { requires } from '../support/requires.ts';
import { askApi, type Scrape, scrape } from '../support/scrape.ts';

/** The series that Prometheus counts for one metric of the catalogue. */
const familyOf = (name: string) => name.replace(/_(bucket|sum|count)$/, '');

requires('haproxy')('a controller that is scraped while its servers are killed and scaled', () => {
  let fleet: RealFleet;
  let before: Scrape;
  let after: Scrape;

  beforeAll(async () => {
    fleet = await RealFleet.create();
    await fleet.start();
    const [victim] = await fleet.settle(3);
    before = await scrape(fleet.dataDir);
    await ask({ port: fleet.port });
    kill(Number(/pid (\d+)/.exec(victim?.machineDetail ?? '')?.[1]));
    await fleet.untilActivity('terminated');
    await fleet.settle(3);
    for (const size of [5, 2]) {
      await writeFile(fleet.desiredFile, `${size}\n`);
      await fleet.settle(size);
    }
    after = await scrape(fleet.dataDir);
  });
  afterAll(() => fleet.end());

  it('has every metric of the catalogue, and no other one', () => {
    const names = new Set(after.series.map(({ name }) => familyOf(name)));
    // Whether something is held back just now is chance.
    const missing = Object.keys(CATALOGUE).filter((name) => !names.has(name) && name !== 'drover_group_holds');
    expect(missing).toEqual([]);
    expect([...names].filter((name) => !Object.hasOwn(CATALOGUE, name))).toEqual([]);
    for (const [name, type] of after.types) expect(Reflect.get(CATALOGUE, name)).toMatchObject({ type });
    for (const { name, labels } of after.series) {
      const { le: _, ...own } = labels;
      const known: unknown = Reflect.get(CATALOGUE, familyOf(name));
      expect(known, name).toMatchObject({ labels: expect.arrayContaining(Object.keys(own)) });
    }
  });

  it('counts what has happened', () => {
    expect(before.sum('drover_group_instances', { group: 'hello', state: 'inService' })).toBe(3);
    expect(after.sum('drover_group_instances', { group: 'hello', state: 'inService' })).toBe(2);
    expect(after.sum('drover_group_instances', { group: 'hello' })).toBe(2);
    expect(after.sum('drover_group_desired_capacity', { group: 'hello' })).toBe(2);
    const launches = { provider: 'process', kind: 'launch', outcome: 'ok' };
    expect(before.sum('drover_operations_total', launches)).toBe(3);
    expect(after.sum('drover_operations_total', launches)).toBe(6);
    expect(after.sum('drover_operations_total', { kind: 'terminate', outcome: 'ok' })).toBe(4);
    expect(after.sum('drover_provider_calls_total', { call: 'launch', outcome: 'ok' })).toBe(6);
    expect(after.sum('drover_operations_in_progress')).toBe(0);
    expect(after.sum('drover_activities_total', { reason: 'machineStopped', level: 'warning' })).toBe(1);
    expect(after.sum('drover_activities_total', { reason: 'scaleIn' })).toBe(3);
    expect(after.sum('drover_target_group_targets', { health: 'healthy' })).toBe(2);
    expect(after.sum('drover_target_group_requests_total')).toBeGreaterThan(0);
    expect(after.sum('drover_load_balancer_events_total', { event: 'start' })).toBe(1);
    expect(after.sum('drover_haproxy_commands_total', { load_balancer: 'web' })).toBeGreaterThan(10);
    expect(after.sum('drover_checks_total', { outcome: 'ok' })).toBeGreaterThan(10);
    expect(after.sum('drover_defects_total')).toBe(0);
    expect(after.sum('drover_event_loop_delay_seconds_count')).toBeGreaterThan(0);
  });

  it('has as many series after six servers as after three, and none with the name of one', () => {
    const steady = (scraped: Scrape) =>
      new Set(
        scraped.series
          .filter(({ name }) => !['drover_activities_total', 'drover_group_holds'].includes(name))
          .filter(({ labels }) => labels.call !== 'terminate' && labels.kind !== 'terminate')
          .filter(({ labels }) => labels.route === undefined)
          .map(({ name, labels }) => JSON.stringify([name, labels])),
      );
    expect(steady(after)).toEqual(steady(before));
    expect(after.text).not.toMatch(/i-[0-9a-f]{8}/);
  });

  it('is alive and ready', async () => {
    expect(await askApi(fleet.dataDir, '/healthz')).toMatchObject({
      status: 200,
      body: '{"status":"alive","stuck":[]}',
    });
    expect(await askApi(fleet.dataDir, '/readyz')).toMatchObject({
      status: 200,
      body: '{"status":"ready","waitsFor":[]}',
    });
    const { status, type } = await askApi(fleet.dataDir, '/metrics');
    expect({ status, type }).toEqual({ status: 200, type: 'text/plain; version=0.0.4; charset=utf-8' });
  });

  requires('prometheus')('promtool', () => {
    it('finds nothing to complain about', () => {
      const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], { input: after.text });
      expect({ said: `${stdout}${stderr}`, status }).toEqual({ said: '', status: 0 });
    });
  });
});
