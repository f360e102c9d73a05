import { globSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { metricSourceTypes } from '../../src/metrics/registry.ts';
import { formatErrors } from '../../src/model/fleet-file/errors.ts';
import { parseFleet } from '../../src/model/fleet-file/load.ts';
import { providerTypes } from '../../src/providers/registry.ts';

const folder = new URL('../../docs/policies/', import.meta.url);

it.each(globSync('*.md', { cwd: folder }))('%s shows an example that is valid in a fleet file', (page) => {
  const example = /```yaml\n([^`]+)```/.exec(readFileSync(new URL(page, folder), 'utf8'))?.[1] ?? '';
  const text = `fleet: shop
loadBalancers:
  web: { listeners: [{ port: 5000, targetGroup: web }] }
targetGroups:
  web: { healthCheck: { path: /health } }
autoScalingGroups:
  web:
    targetGroups: [web]
    minSize: 1
    maxSize: 20
    launchTemplate: { provider: process, command: [node, server.js] }
${example}`;
  const result = parseFleet({ text, path: '/srv/fleet.yaml', providers: providerTypes, sources: metricSourceTypes });
  expect(result.ok ? '' : formatErrors(result.errors)).toBe('');
  expect(example).not.toBe('');
});
