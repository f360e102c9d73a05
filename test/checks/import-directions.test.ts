import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { lint } from './temporary-project.ts';

const source = join(import.meta.dirname, '../../src');

/** Whom each room sees beside itself. */
const sees: Readonly<Record<string, readonly string[]>> = {
  base: [],
  model: ['base'],
  settings: ['base', 'model'],
  fleet: ['base', 'model', 'settings'],
  views: ['fleet', 'model'],
  ports: ['base', 'settings', 'model'],
  decide: ['base', 'model'],
  providers: ['base', 'ports', 'settings', 'model'],
  haproxy: ['base', 'ports', 'model'],
  metrics: ['base', 'ports', 'settings', 'model'],
  probes: ['base', 'ports', 'model'],
  store: ['base', 'ports', 'model'],
  system: ['base', 'ports'],
  control: ['base', 'decide', 'ports', 'fleet', 'views', 'model'],
  telemetry: ['base', 'ports', 'model'],
  notifications: ['base', 'ports', 'settings', 'model'],
  'what-if': ['base', 'decide', 'views', 'model'],
  api: ['base', 'control', 'ports', 'fleet', 'views', 'settings', 'model'],
  cli: ['base', 'fleet', 'views', 'model'],
  compose: [
    'base',
    'model',
    'settings',
    'fleet',
    'views',
    'ports',
    'decide',
    'providers',
    'haproxy',
    'metrics',
    'probes',
    'store',
    'system',
    'control',
    'what-if',
    'telemetry',
    'notifications',
    'api',
    'cli',
  ],
};
const rooms = Object.keys(sees);

describe('imports between rooms', () => {
  it('covers every room there is', () => {
    const folders = readdirSync(source, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    expect(rooms).toEqual(expect.arrayContaining(folders.map(({ name }) => name)));
  });

  it('run one way, for every pair of rooms', async () => {
    const pairs = rooms.flatMap((from) => rooms.map((to) => ({ from, to })));
    const files = pairs.map(({ from, to }) => [`src/${from}/to-${to}.ts`, `import '../${to}/x.ts';\n`] as const);
    const refused = pairs
      .filter(({ from, to }) => from !== to && !sees[from]?.includes(to))
      .map(({ from, to }) => `src/${from}/to-${to}.ts:1 plugin`);
    expect(await lint(Object.fromEntries(files), 'plugin')).toEqual(refused.toSorted());
  });

  it('never lead to main.ts, which sees everything', async () => {
    const files = rooms.map((from) => [`src/${from}/to-main.ts`, "import '../main.ts';\n"] as const);
    const everything = rooms.map((to) => `import './${to}/x.ts';\n`).join('');
    const found = await lint({ ...Object.fromEntries(files), 'src/main.ts': everything }, 'plugin');
    expect(found).toEqual(rooms.map((from) => `src/${from}/to-main.ts:1 plugin`).toSorted());
  });

  it("let cli see api's client and schemas, and no more of it", async () => {
    const imports = ['client', 'schemas', 'routes', 'client-socket']
      .map((file) => `import '../api/${file}.ts';\n`)
      .join('');
    expect(await lint({ 'src/cli/x.ts': imports }, 'plugin')).toEqual([
      'src/cli/x.ts:3 plugin',
      'src/cli/x.ts:4 plugin',
    ]);
  });

  it('are found however they are written', async () => {
    const lines = [
      "import type { A } from '../store/a.ts';",
      'import { type B, b } from "../store/b.ts";',
      "import * as c from '../../store/c.ts';",
      "export * from '../store/d.ts';",
      "export type { E } from '../store/e.ts';",
      "export const f = await import('../store/f.ts');",
      "export type G = import('../store/g.ts').G;",
      "import '../store/h.ts';",
    ];
    const found = await lint({ 'src/haproxy/deep/x.ts': `${lines.join('\n')}\n` }, 'plugin');
    expect(found).toEqual(lines.map((_, index) => `src/haproxy/deep/x.ts:${index + 1} plugin`));
  });

  it('are free in tests, and inside of a room', async () => {
    const files = {
      'src/model/x.test.ts': "import '../control/x.ts';\nimport '../main.ts';\n",
      'test/x.ts': "import '../src/main.ts';\n",
      'src/providers/process/x.ts': "import '../registry.ts';\nimport './control.ts';\nimport 'fastify';\n",
    };
    expect(await lint(files, 'plugin')).toEqual([]);
  });

  it('never form a circle, not even of types', async () => {
    const files = {
      'src/model/a.ts': "import type { B } from './b.ts';\nexport type A = B | 1;\n",
      'src/model/b.ts': "import type { A } from './a.ts';\nexport type B = A | 2;\n",
    };
    expect(await lint(files, 'noImportCycles')).toEqual([
      'src/model/a.ts:1 noImportCycles',
      'src/model/b.ts:1 noImportCycles',
    ]);
  });

  it('keep I/O out of decide', async () => {
    const lines = [
      "import { readFileSync } from 'node:fs';",
      "import { randomUUID } from 'node:crypto';",
      "import { createHash } from 'node:crypto';",
    ];
    expect(await lint({ 'src/decide/x.ts': `${lines.join('\n')}\n` }, 'noRestrictedImports')).toEqual([
      'src/decide/x.ts:1 noRestrictedImports',
      'src/decide/x.ts:2 noRestrictedImports',
    ]);
  });
});
