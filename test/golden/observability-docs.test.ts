import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { CATALOGUE } from '../../src/telemetry/catalogue.ts';

const page = readFileSync(new URL('../../docs/observability.md', import.meta.url), 'utf8');

it('docs/observability.md tells every metric as the exposition does, and no other one', () => {
  const code = (text: string) => `\`${text}\``;
  const rows = Object.entries(CATALOGUE).map(
    ([name, { type, labels, help }]) => `| ${code(name)} | ${type} | ${labels.map(code).join(', ') || '-'} | ${help} |`,
  );
  expect(page.split('\n').filter((line) => /^\| `(drover|process)_/.test(line))).toEqual(rows);
});
