import { expect, it } from 'vitest';
import { apiOf } from '../../test/support/api.ts';
import { FakeFleetService } from '../../test/support/fake-service.ts';

interface Described {
  readonly openapi: string;
  readonly paths: Record<string, Record<string, { operationId: string; responses: Record<string, unknown> }>>;
  readonly components: { readonly schemas: Record<string, unknown> };
}

it('describes every operation once, with its refusals', async () => {
  const app = apiOf(new FakeFleetService({ now: () => 0 }));
  const { paths, openapi, components } = (await app.inject('/v1/openapi.json')).json<Described>();
  await app.close();
  expect(openapi).toBe('3.1.0');
  const operations = Object.values(paths).flatMap((methods) => Object.values(methods));
  expect(operations.length).toBeGreaterThan(30);
  expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(operations.length);
  for (const { responses } of operations) {
    expect(responses).toMatchObject({ 401: { content: { 'application/problem+json': expect.anything() } } });
  }
  expect(Object.keys(components.schemas)).toEqual(expect.arrayContaining(['Problem', 'Instance', 'Group', 'Activity']));
});
