import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { fleetJsonSchema } from '../../src/fleet/file/json-schema.ts';
import { parseFleet } from '../../src/fleet/file/load.ts';
import { metricSourceTypes } from '../../src/metrics/registry.ts';
import { notifierTypes } from '../../src/notifications/registry.ts';
import { providerTypes } from '../../src/providers/registry.ts';

const schema = fleetJsonSchema({ providers: providerTypes, sources: metricSourceTypes, notifiers: notifierTypes });

describe('the fleet file', () => {
  it('has an up to date JSON Schema (npx vitest run -u writes it)', async () => {
    await expect(`${JSON.stringify(schema, null, 2)}\n`).toMatchFileSnapshot('../../schema/fleet.schema.json');
  });

  it.each(['hello', 'aws', 'azure', 'docker', 'exec', 'hetzner', 'incus', 'libvirt', 'vagrant', 'static'])(
    'of the example %s is valid',
    (name) => {
      const path = new URL(`../../examples/${name}/fleet.yaml`, import.meta.url).pathname;
      expect(
        parseFleet({ text: readFileSync(path), path, providers: providerTypes, sources: metricSourceTypes }),
      ).toMatchObject({ ok: true });
    },
  );

  it('shows a fleet on three providers in README that is valid', () => {
    const readme = new URL('../../README.md', import.meta.url).pathname;
    const text = /```yaml\n(.*?)```/s.exec(readFileSync(readme, 'utf8'))?.[1] ?? '';
    expect(parseFleet({ text, path: readme, providers: providerTypes, sources: metricSourceTypes })).toMatchObject({
      ok: true,
      fleet: { providers: [{ type: 'docker' }, { type: 'hetzner' }, { type: 'aws' }] },
    });
  });
});
