import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { apiOf } from '../../test/support/api.ts';
import { FakeFleetService } from '../../test/support/fake-service.ts';
import { ERROR_CODES, ERRORS } from './errors.ts';

const docs = await readFile(new URL('../../docs/api.md', import.meta.url), 'utf8');

it('docs/api.md lists every route and no other', async () => {
  const app = apiOf(new FakeFleetService({ now: () => 0 }));
  await app.ready();
  const listed = [...docs.matchAll(/^\| `(GET|PUT|POST) (\S+)`/gm)].map(([, method = '', url = '']) => ({
    method,
    url,
  }));
  for (const { method, url } of listed) {
    expect(app.findRoute({ method: method as 'GET', url }), `${method} ${url}`).not.toBeNull();
  }
  const methods = [...app.printRoutes({ commonPrefix: false }).matchAll(/\(([A-Z, ]+)\)/g)].flatMap(([, names = '']) =>
    names.split(', ').filter((name) => name !== 'HEAD'),
  );
  expect(listed).toHaveLength(methods.length);
  await app.close();
});

it('docs/api.md lists every error', () => {
  for (const code of ERROR_CODES) expect(docs).toContain(`| ${ERRORS[code].status} | \`${code}\` |`);
});
