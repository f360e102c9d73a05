import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { CATALOGUE, type MetricDescription } from '../../src/telemetry/catalogue.ts';
import { requires } from '../support/requires.ts';

const FOLDER = join(import.meta.dirname, '..', '..', 'examples', 'observability');
const read = (name: string) => readFileSync(join(FOLDER, name), 'utf8');

const datasource = z.strictObject({ type: z.literal('prometheus'), uid: z.literal('${' + 'datasource}') });
const GRID_COLUMNS = 24;
const gridPos = z
  .strictObject({ x: z.int().min(0), y: z.int().min(0), w: z.int().min(1), h: z.int().min(1) })
  .refine(({ x, w }) => x + w <= GRID_COLUMNS);
const target = z.strictObject({
  datasource,
  expr: z.string().min(1),
  legendFormat: z.string(),
  refId: z.string().regex(/^[A-Z]$/),
  range: z.boolean(),
  instant: z.boolean().optional(),
  format: z.literal('table').optional(),
});
const panel = z.discriminatedUnion('type', [
  z.strictObject({
    id: z.int(),
    type: z.literal('row'),
    title: z.string().min(1),
    collapsed: z.literal(false),
    gridPos,
    panels: z.tuple([]),
  }),
  z.strictObject({
    id: z.int(),
    type: z.enum(['stat', 'timeseries', 'table']),
    title: z.string().min(1),
    description: z.string().min(1),
    datasource,
    gridPos,
    targets: z.array(target).min(1),
    fieldConfig: z.strictObject({
      defaults: z.looseObject({ unit: z.enum(['short', 's', 'reqps', 'percentunit']), min: z.literal(0) }),
      overrides: z.array(
        z.strictObject({
          matcher: z.strictObject({ id: z.literal('byName'), options: z.string() }),
          properties: z.array(z.strictObject({ id: z.string(), value: z.string() })),
        }),
      ),
    }),
    options: z.looseObject({}),
  }),
]);
const variable = z.discriminatedUnion('type', [
  z.looseObject({ type: z.literal('datasource'), name: z.literal('datasource'), query: z.literal('prometheus') }),
  z.looseObject({
    type: z.literal('query'),
    name: z.string(),
    datasource,
    query: z.strictObject({ query: z.string(), refId: z.string() }),
  }),
]);
/** The part of Grafana's model of a dashboard (schema version 39) that ours relies on. */
const dashboardSchema = z.looseObject({
  uid: z.string().regex(/^[\w-]{1,40}$/),
  title: z.string(),
  schemaVersion: z.literal(39),
  time: z.strictObject({ from: z.string(), to: z.string() }),
  templating: z.strictObject({ list: z.array(variable) }),
  annotations: z.strictObject({ list: z.array(z.looseObject({ name: z.string(), datasource, expr: z.string() })) }),
  panels: z.array(panel),
});
const dashboard = dashboardSchema.parse(JSON.parse(read('dashboard.json')));
const queries = [
  ...dashboard.panels.flatMap((one) => (one.type === 'row' ? [] : one.targets.map(({ expr }) => expr))),
  ...dashboard.annotations.list.map(({ expr }) => expr),
];
const rules = z
  .object({ groups: z.array(z.object({ rules: z.array(z.looseObject({ alert: z.string(), expr: z.string() })) })) })
  .parse(parse(read('drover.rules.yml')))
  .groups.flatMap((group) => group.rules);

/** Series that Prometheus itself makes. */
const OF_PROMETHEUS = ['up'];
/** Labels that Prometheus gives. */
const LABELS_OF_PROMETHEUS = ['job', 'instance', 'le'];

/** The metrics that a query names, and the labels that it chooses them by. */
function selectors(query: string): { readonly name: string; readonly labels: readonly string[] }[] {
  return [...query.matchAll(/\b((?:drover|process)_\w+|up)\b(?:\{([^}]*)\})?/g)].map(
    ([, name = '', matchers = '']) => ({
      name,
      labels: [...matchers.matchAll(/(\w+)\s*(?:=~|!~|!=|=)/g)].map(([, label = '']) => label),
    }),
  );
}

function described(name: string): MetricDescription {
  const known: Readonly<Record<string, MetricDescription>> = CATALOGUE;
  const histogram = known[name.replace(/_(bucket|sum|count)$/, '')];
  const found = histogram?.type === 'histogram' ? histogram : known[name];
  return found ?? expect.fail(`there is no metric ${name}`);
}

it.each([...queries, ...rules.map(({ expr }) => expr)])('%s names metrics and labels that there are', (query) => {
  const found = selectors(query);
  expect(found.length).toBeGreaterThan(0);
  for (const { name, labels } of found) {
    if (OF_PROMETHEUS.includes(name)) continue;
    const { type, labels: known } = described(name);
    if (type === 'histogram') expect(name).toMatch(/_(bucket|sum|count)$/);
    for (const label of labels) expect([...known, ...LABELS_OF_PROMETHEUS]).toContain(label);
  }
  const all = found.flatMap(({ name }) => (OF_PROMETHEUS.includes(name) ? [] : described(name).labels));
  for (const [, list = ''] of query.matchAll(/\b(?:by|without|on) \(([^)]*)\)/g)) {
    for (const label of list.split(', ')) expect([...all, ...LABELS_OF_PROMETHEUS]).toContain(label);
  }
});

it('the dashboard has each panel in a place of its own', () => {
  const { panels } = dashboard;
  expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
  const taken = new Map<string, number>();
  for (const { id, gridPos: at } of panels) {
    for (let x = at.x; x < at.x + at.w; x += 1) {
      for (let y = at.y; y < at.y + at.h; y += 1) {
        expect(taken.get(`${x},${y}`), `panel ${id}`).toBeUndefined();
        taken.set(`${x},${y}`, id);
      }
    }
  }
});

it('the dashboard uses the variables that it has, and the labels of its legends are in its queries', () => {
  const names = dashboard.templating.list.map(({ name }) => name);
  for (const query of queries) {
    for (const [, name = ''] of query.matchAll(/\$(\w+)/g))
      expect([...names, '__rate_interval', '__range']).toContain(name);
  }
  for (const one of dashboard.panels) {
    if (one.type === 'row') continue;
    for (const { expr, legendFormat } of one.targets) {
      const labels = selectors(expr).flatMap(({ name }) => described(name).labels);
      for (const [, label = ''] of legendFormat.matchAll(/\{\{(\w+)\}\}/g)) expect(labels).toContain(label);
    }
  }
});

it('each alert says how severe it is and what it means', () => {
  for (const { alert, ...rule } of rules) {
    expect(alert).toMatch(/^Drover[A-Z]/);
    expect(rule).toMatchObject({
      labels: { severity: expect.stringMatching(/^(info|warning|critical)$/) },
      annotations: { summary: expect.stringMatching(/\.$/) },
    });
  }
});

requires('prometheus')('promtool', () => {
  const promtool = (...words: readonly string[]) => {
    const { status, stdout, stderr } = spawnSync('promtool', words, { cwd: FOLDER, encoding: 'utf8' });
    return { status, said: `${stdout}${stderr}` };
  };

  it('takes the alert rules, and they alert when they should', () => {
    expect(promtool('check', 'rules', 'drover.rules.yml')).toMatchObject({ status: 0 });
    expect(promtool('test', 'rules', 'drover.rules.test.yml')).toMatchObject({ status: 0 });
    expect(promtool('check', 'config', '--syntax-only', 'prometheus.yml')).toMatchObject({ status: 0 });
  });

  it('understands each query of the dashboard', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'drover-dashboard-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const asRules = queries.map((query, index) => ({
      record: `query:${index}`,
      expr: query.replaceAll(/\$__\w+/g, '5m').replaceAll(/\$\w+/g, '.*'),
    }));
    const file = join(folder, 'queries.yml');
    await writeFile(file, JSON.stringify({ groups: [{ name: 'dashboard', rules: asRules }] }));
    expect(promtool('check', 'rules', file)).toMatchObject({ status: 0 });
  });
});
