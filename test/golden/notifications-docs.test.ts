import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { parseFleet } from '../../src/fleet/file/load.ts';
import { metricSourceTypes } from '../../src/metrics/registry.ts';
import { NOTIFICATION_CATEGORIES } from '../../src/model/notification.ts';
import { notifierTypes } from '../../src/notifications/registry.ts';
import { providerTypes } from '../../src/providers/registry.ts';

const page = readFileSync(new URL('../../docs/notifications.md', import.meta.url), 'utf8');
const sections = new Map(page.split('\n## ').map((text) => [text.split('\n')[0] ?? '', text]));

describe('docs/notifications.md', () => {
  it.each([...notifierTypes])('tells every setting of %s, and shows valid examples', (name, type) => {
    const section = sections.get(name) ?? expect.fail(`it has no section ${name}`);
    const schema = z.toJSONSchema(type.settingsSchema('/'), { io: 'input', unrepresentable: 'any' });
    for (const key of Object.keys(schema.properties ?? {})) expect(section).toContain(`\n| \`${key}\` | `);
    const examples = [...section.matchAll(/```yaml\n(.*?)```/gs)].map(([, text = '']) => parse(text));
    expect(examples.length).toBeGreaterThan(0);
    for (const { type: named, ...settings } of examples) {
      expect(named).toBe(name);
      expect(type.settingsSchema('/').safeParse(settings).error?.issues).toBeUndefined();
    }
  });

  it('tells every category, and begins with a valid example', () => {
    for (const category of NOTIFICATION_CATEGORIES) expect(page).toContain(`\n| \`${category}\` | `);
    const [, example = ''] = /```yaml\n(.*?)```/s.exec(page) ?? [];
    const text = `fleet: shop\nautoScalingGroups:\n  web: { minSize: 0, maxSize: 1, launchTemplate: { provider: process, command: [serve] } }\n${example}`;
    const types = { providers: providerTypes, sources: metricSourceTypes, notifiers: notifierTypes };
    expect(parseFleet({ text, path: '/srv/fleet.yaml', ...types })).toMatchObject({ ok: true });
  });
});
