import { globSync } from 'node:fs';
import { basename } from 'node:path';
import { expect, it } from 'vitest';
import { formatErrors } from '../../src/fleet/file/errors.ts';
import { parseFleet } from '../../src/fleet/file/load.ts';
import { metricSourceTypes } from '../../src/metrics/registry.ts';
import { providerTypes } from '../../src/providers/registry.ts';
import { fleetFileWith, policyExample } from '../support/policy-examples.ts';

const pages = globSync('*.md', { cwd: new URL('../../docs/policies/', import.meta.url) });

it.each(pages.map((page) => basename(page, '.md')))('%s.md shows an example that is valid in a fleet file', (page) => {
  const example = policyExample(page);
  const text = fleetFileWith(example);
  const result = parseFleet({ text, path: '/srv/fleet.yaml', providers: providerTypes, sources: metricSourceTypes });
  expect(result.ok ? '' : formatErrors(result.errors)).toBe('');
  expect(example).not.toBe('');
});
