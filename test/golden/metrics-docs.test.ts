import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { metricSourceTypes } from '../../src/metrics/registry.ts';

const page = readFileSync(new URL('../../docs/metrics.md', import.meta.url), 'utf8');
const sections = new Map(page.split('\n## ').map((text) => [text.split('\n')[0] ?? '', text]));

describe('docs/metrics.md', () => {
  it.each([...metricSourceTypes])('tells every setting of %s, and shows valid examples', (name, type) => {
    const section = sections.get(name) ?? expect.fail(`it has no section ${name}`);
    const schema = z.toJSONSchema(type.settingsSchema('/'), { io: 'input', unrepresentable: 'any' });
    for (const shape of schema.oneOf ?? [schema]) {
      for (const key of Object.keys(shape.properties ?? {})) expect(section).toContain(`\n| \`${key}\` | `);
    }
    const examples = [...section.matchAll(/```yaml\n(.*?)```/gs)].map(([, text = '']) => parse(text));
    expect(examples.length).toBeGreaterThan(0);
    for (const { source, interval: _, maxAge: __, ...settings } of examples) {
      expect(source).toBe(name);
      expect(type.settingsSchema('/').safeParse(settings).error?.issues).toBeUndefined();
    }
  });
});
