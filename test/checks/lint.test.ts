import { describe, expect, it } from 'vitest';
import { lint } from './temporary-project.ts';

const lines = (...text: readonly string[]): string => `${text.join('\n')}\n`;

const ambient = [
  'export const a = Date.now();',
  'export const b = new Date();',
  'export const c = new Date;',
  'export const d = Date();',
  'export const { now } = Date;',
  'export const { random } = Math;',
  'export const e = Math.random();',
  'export const f = performance.now();',
  'export const g = process.hrtime.bigint();',
  'setTimeout(() => {}, 1);',
  'setInterval(() => {}, 1);',
  'setImmediate(() => {});',
  'export const h = setTimeout;',
  'globalThis.setTimeout(() => {}, 1);',
  "import { setTimeout as delay } from 'node:timers/promises';",
  "import * as timers from 'timers';",
  "export const i = await import('node:timers');",
];

describe('time and chance', () => {
  it('are asked for only in src/system', async () => {
    const found = await lint(
      { 'src/control/x.ts': lines(...ambient), 'src/main.ts': 'export const at = Date.now();\n' },
      'plugin',
    );
    expect(found).toEqual(
      [...ambient.map((_, index) => `src/control/x.ts:${index + 1} plugin`), 'src/main.ts:1 plugin'].toSorted(),
    );
  });

  it('are free in src/system, tests, benchmarks and examples', async () => {
    const text = lines(...ambient);
    const files = {
      'src/system/x.ts': text,
      'src/control/x.test.ts': text,
      'test/x.ts': text,
      'bench/x.ts': text,
      'examples/x.ts': text,
    };
    expect(await lint(files, 'plugin')).toEqual([]);
  });

  it('are not confused with what only looks like them', async () => {
    const text = lines(
      "export const a: Date = new Date('2026-01-01');",
      'export const b = new Date(0);',
      'export const c = a instanceof Date;',
      "export const d = Date.parse('2026-01-01');",
      'export const e = Math.max(1, 2);',
      'export const f = (socket: { setTimeout(idleMs: number): void }): void => socket.setTimeout(1);',
      "export const g = 'Date.now() and new Date()';",
      '/** Not Date.now(), nor setTimeout(). */',
    );
    expect(await lint({ 'src/control/x.ts': text }, 'plugin')).toEqual([]);
  });

  it('do not set deadlines where a simulation owns the clock', async () => {
    const text = 'export const signal = AbortSignal.timeout(1);\n';
    const found = await lint({ 'src/control/x.ts': text, 'src/decide/x.ts': text, 'src/haproxy/x.ts': text }, 'plugin');
    expect(found).toEqual(['src/control/x.ts:1 plugin', 'src/decide/x.ts:1 plugin']);
  });
});

const defects: readonly { readonly rule: string; readonly text: string }[] = [
  { rule: 'noExplicitAny', text: 'export const a: any = 1;\n' },
  { rule: 'noNonNullAssertion', text: 'export const b = (list: readonly number[]): number => list[0]!;\n' },
  { rule: 'useImportType', text: "import { Port } from './port.ts';\nexport type C = Port;\n" },
  { rule: 'noFloatingPromises', text: 'async function work(): Promise<void> {}\nwork();\n' },
  {
    rule: 'noMisusedPromises',
    text: 'async function work(): Promise<boolean> {\n  return true;\n}\nif (work()) throw new Error();\n',
  },
  {
    rule: 'useExhaustiveSwitchCases',
    text: "export function d(e: 'x' | 'y'): void {\n  switch (e) {\n    case 'x':\n      break;\n  }\n}\n",
  },
  { rule: 'useThrowOnlyError', text: "export function f(): never {\n  throw 'text';\n}\n" },
  { rule: 'noConsole', text: "console.log('printed by a library');\n" },
  { rule: 'noExcessiveLinesPerFile', text: 'export {};\n'.repeat(401) },
];

describe('defects', () => {
  it.each(defects)('$rule', async ({ rule, text }) => {
    const found = await lint({ 'src/control/x.ts': text, 'src/control/port.ts': 'export interface Port {}\n' }, rule);
    expect(found).toHaveLength(1);
  });

  it('of a test that runs alone, and of a leftover import', async () => {
    const text = "import { expect, it } from 'vitest';\nit.only('runs', () => {});\n";
    expect(await lint({ 'test/x.test.ts': text })).toEqual([
      'test/x.test.ts:1 noUnusedImports',
      'test/x.test.ts:2 noFocusedTests',
    ]);
  });
});
