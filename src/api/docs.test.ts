import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { FakeFleetService } from '../../test/support/fake-service.ts';
import { ERROR_CODES, ERROR_STATUS } from './errors.ts';
import { buildApi } from './server.ts';

const docs = await readFile(new URL('../../docs/api.md', import.meta.url), 'utf8');

it('docs/api.md lists every route and no other', async () => {
  const app = buildApi(new FakeFleetService({ now: () => 0 }));
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
  for (const code of ERROR_CODES) expect(docs).toContain(`| ${ERROR_STATUS[code]} | \`${code}\` |`);
});
