/** What is shown of a version of the fleet: never a secret, and nothing that could be applied without it. */

import { expect, it } from 'vitest';
import { readFleetDocument, shownDocument } from '../../../src/compose/fleet-file.ts';
import { describeWithoutPlace } from '../../../src/fleet/file/errors.ts';
import type { FleetDocument } from '../../../src/model/fleet-version.ts';

const SECRET = 'hunter2';

const WRITTEN: FleetDocument = {
  baseDir: '/srv/shop',
  content: {
    fleet: 'shop',
    loadBalancers: { web: { listeners: [{ port: 8080, targetGroup: 'web' }] } },
    targetGroups: { web: { healthCheck: { path: '/health', headers: { Authorization: `Bearer ${SECRET}` } } } },
    autoScalingGroups: {
      web: {
        targetGroups: ['web'],
        minSize: 1,
        maxSize: 3,
        launchTemplate: {
          provider: 'process',
          command: ['node', 'server.js', `--token=${SECRET}`],
          environment: { DATABASE_PASSWORD: SECRET },
        },
        metrics: {
          jobs: { source: 'prometheus', url: 'http://prometheus:9090', query: 'sum(jobs)' },
        },
      },
    },
  },
};

const errorsOf = (document: FleetDocument) => {
  const read = readFleetDocument(document, 'version 1');
  return read.ok ? [] : read.errors.map(describeWithoutPlace);
};

it('a version is shown without what may be secret, and brought back with it', () => {
  expect(errorsOf(WRITTEN)).toEqual([]);
  const shown = shownDocument(WRITTEN);
  expect(JSON.stringify(shown)).not.toContain(SECRET);
  expect(shown).toMatchObject({
    baseDir: '/srv/shop',
    content: {
      fleet: 'shop',
      targetGroups: { web: { healthCheck: { path: '/health', headers: { Authorization: '(not shown)' } } } },
      autoScalingGroups: {
        web: {
          maxSize: 3,
          launchTemplate: { provider: 'process', environment: { DATABASE_PASSWORD: '(not shown)' } },
        },
      },
    },
  });
});

it('what was shown is not applied as if it were whole', () => {
  const errors = errorsOf(shownDocument(WRITTEN));
  expect(errors.length).toBeGreaterThan(2);
  expect(errors.join('\n')).toMatch(/environment\.DATABASE_PASSWORD.*write the value itself/);
});

it('errors of a document name the place and no secret', () => {
  const { content } = WRITTEN;
  const [error, ...more] = errorsOf({ ...WRITTEN, content: { ...content, fleet: `${SECRET} ${SECRET}` } });
  expect(more).toEqual([]);
  expect(error).toMatch(/^fleet/);
});
