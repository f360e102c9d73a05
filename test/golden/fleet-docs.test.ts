import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { metricSourceTypes } from '../../src/metrics/registry.ts';
import { ALGORITHMS, TERMINATION_POLICIES } from '../../src/model/fleet.ts';
import { fleetJsonSchema } from '../../src/model/fleet-file/json-schema.ts';
import { parseFleet } from '../../src/model/fleet-file/load.ts';
import { providerTypes } from '../../src/providers/registry.ts';

const page = readFileSync(new URL('../../docs/fleet-file.md', import.meta.url), 'utf8');
const rows = page.split('\n').filter((line) => line.startsWith('| `'));

interface Key {
  readonly name: string;
  readonly required: boolean;
  readonly defaultText: string | null;
}

describe('docs/fleet-file.md', () => {
  it.each(keysOf(fleetJsonSchema(providerTypes, metricSourceTypes)))(
    'has $name, and its default',
    ({ name, required, defaultText }) => {
      const about = rows.filter(
        (row) => row.startsWith(`| \`${name}\` |`) || row.startsWith(`| \`portRange.${name}\` |`),
      );
      expect(about).not.toEqual([]);
      if (required) expect(about.some((row) => row.includes('| required |'))).toBe(true);
      if (defaultText !== null) expect(about.some((row) => row.includes(`| \`${defaultText}\` |`))).toBe(true);
    },
  );

  it('has no key that does not exist', () => {
    const known = new Set<string>(keysOf(fleetJsonSchema(providerTypes, metricSourceTypes)).map(({ name }) => name));
    for (const name of [...ALGORITHMS, ...TERMINATION_POLICIES]) known.add(name);
    const named = rows.map((row) => row.match(/^\| `(?:portRange\.)?(\w+)`/)?.[1] ?? row);
    expect(named.filter((name) => !known.has(name))).toEqual([]);
  });

  it('has every algorithm and termination policy', () => {
    for (const name of [...ALGORITHMS, ...TERMINATION_POLICIES]) expect(page).toContain(`| \`${name}\` |`);
  });

  it('begins with a file that is valid', () => {
    const text = page.split('```yaml\n')[1]?.split('```')[0] ?? '';
    expect(
      parseFleet({ text, path: '/srv/shop/fleet.yaml', providers: providerTypes, sources: metricSourceTypes }),
    ).toMatchObject({ ok: true });
  });
});

/** Every key of a JSON Schema, however deep. */
function keysOf(schema: unknown): Key[] {
  if (typeof schema !== 'object' || schema === null) return [];
  const { properties = {}, required = [] } = schema as { properties?: Record<string, unknown>; required?: string[] };
  const own = Object.entries(properties).map(([name, value]) => {
    const { default: preset } = value as { default?: unknown };
    // Defaults of lists and mappings are written in the page's own way.
    const defaultText = preset === undefined || typeof preset === 'object' ? null : String(preset);
    return { name, required: required.includes(name), defaultText };
  });
  const inside = Object.entries(schema).flatMap(([part, value]) =>
    ['default', 'required', 'enum'].includes(part) ? [] : Object.values(Object(value)).concat(value).flatMap(keysOf),
  );
  const all = [...own, ...inside];
  return all.filter((key, index) => all.findIndex((other) => JSON.stringify(other) === JSON.stringify(key)) === index);
}
