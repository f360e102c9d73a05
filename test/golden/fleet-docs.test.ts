import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { fleetJsonSchema } from '../../src/fleet/file/json-schema.ts';
import { parseFleet } from '../../src/fleet/file/load.ts';
import { metricSourceTypes } from '../../src/metrics/registry.ts';
import { ALGORITHMS, TERMINATION_POLICIES } from '../../src/model/fleet.ts';
import { notifierTypes } from '../../src/notifications/registry.ts';
import { providerTypes } from '../../src/providers/registry.ts';

const page = readFileSync(new URL('../../docs/fleet-file.md', import.meta.url), 'utf8');
const rows = rowsOf(page);
/** What the settings of each provider type mean is on its own page. */
const providers = new URL('../../docs/providers/', import.meta.url);
const notifications = readFileSync(new URL('../../docs/notifications.md', import.meta.url), 'utf8');
const otherRows = [
  ...readdirSync(providers).flatMap((name) => rowsOf(readFileSync(new URL(name, providers), 'utf8'))),
  ...rowsOf(notifications),
];

interface Key {
  readonly name: string;
  readonly required: boolean;
  readonly defaultText: string | null;
}

describe('docs/fleet-file.md, with the pages of the providers and of notifications', () => {
  it.each(keysOf(fleetJsonSchema({ providers: providerTypes, sources: metricSourceTypes, notifiers: notifierTypes })))(
    'has $name, and its default',
    ({ name, required, defaultText }) => {
      const about = [...rows, ...otherRows].filter((row) => nameOf(row) === name);
      expect(about).not.toEqual([]);
      if (required) expect(about.some((row) => row.includes('| required'))).toBe(true);
      const shown = defaultText === '' ? '""' : defaultText;
      if (shown !== null) expect(about.some((row) => row.includes(`| \`${shown}\` |`))).toBe(true);
    },
  );

  it('has no key that does not exist', () => {
    const known = new Set<string>(
      keysOf(fleetJsonSchema({ providers: providerTypes, sources: metricSourceTypes, notifiers: notifierTypes })).map(
        ({ name }) => name,
      ),
    );
    for (const name of [...ALGORITHMS, ...TERMINATION_POLICIES]) known.add(name);
    expect(rows.map(nameOf).filter((name) => !known.has(name))).toEqual([]);
  });

  it('has every algorithm and termination policy', () => {
    for (const name of [...ALGORITHMS, ...TERMINATION_POLICIES]) expect(page).toContain(`| \`${name}\` |`);
  });

  it('shows examples that are valid: the first one alone, and with those of the sections in it', () => {
    const [first = '', ...others] = page
      .split('```yaml\n')
      .slice(1)
      .map((part) => part.split('```')[0] ?? '');
    const sections = others.filter((text) => text.startsWith('    ')).join('');
    expect(sections).toContain('scheduledActions:');
    for (const text of [first, first.replace('    launchTemplate:', `${sections}    launchTemplate:`)]) {
      const file = {
        text,
        path: '/srv/shop/fleet.yaml',
        providers: providerTypes,
        sources: metricSourceTypes,
        notifiers: notifierTypes,
      };
      expect(parseFleet(file)).toMatchObject({ ok: true });
    }
  });
});

function rowsOf(text: string): string[] {
  return text.split('\n').filter((line) => line.startsWith('| `'));
}

/** The key that a table's row is about: the last part of `| \`portRange.from\` |`. */
function nameOf(row: string): string {
  return /^\| `(?:\w+\.)*(\w+)`/.exec(row)?.[1] ?? row;
}

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
