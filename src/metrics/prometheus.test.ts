import { afterEach, beforeEach, expect, it } from 'vitest';
import { FakeHttp } from '../../test/support/fake-http.ts';
import { NO_ABORT, problemsOf, sourceOf } from '../../test/support/metric-sources.ts';
import { prometheusMetric } from './prometheus.ts';

let fake: FakeHttp;

beforeEach(async () => {
  fake = await FakeHttp.start();
});
afterEach(() => fake.stop());

const answering = (answer: object, status = 200) => {
  fake.answer = () => ({ status, body: JSON.stringify(answer) });
};
const success = (resultType: string, result: unknown, more: object = {}) =>
  answering({ status: 'success', data: { resultType, result }, ...more });
const read = (url = fake.url) => sourceOf(prometheusMetric, { url, query: 'sum(a{b="c&d"})' }).read(NO_ABORT);
const series = (value: unknown) => ({ metric: { job: 'web' }, value });

it('asks for the query, below any path', async () => {
  success('scalar', [1_700_000_000.25, '2.5']);
  expect(await read(`${fake.url}/prometheus/`)).toEqual({ kind: 'value', value: 2.5, at: 1_700_000_000_250 });
  const asked = new URL(fake.requests[0]?.url ?? '', fake.url);
  expect([asked.pathname, asked.searchParams.get('query')]).toEqual(['/prometheus/api/v1/query', 'sum(a{b="c&d"})']);
});

it("takes the one sample of a vector, and the sample's own time", async () => {
  success('vector', [series([1_700_000_000, '1e3'])]);
  expect(await read()).toEqual({ kind: 'value', value: 1_000, at: 1_700_000_000_000 });
});

it.each([
  ['vector', [], 'empty', 'no series'],
  ['vector', [series([1, '1']), series([1, '2'])], 'failed', '2 series, not one'],
  ['vector', [{ metric: {}, histogram: [1, {}] }], 'notANumber', 'histogram'],
  ['vector', [series([1, 'NaN'])], 'notANumber', 'NaN'],
  ['scalar', [1, '+Inf'], 'notANumber', '+Inf'],
  ['scalar', [1, ''], 'notANumber', 'no finite number'],
  ['matrix', [], 'notANumber', 'leave out the range'],
  ['string', [1, 'x'], 'notANumber', 'string'],
  ['vector', 'nonsense', 'failed', 'does not answer as Prometheus does'],
])('is missing for a %s of %j', async (resultType, result, code, detail) => {
  success(resultType, result);
  expect(await read()).toMatchObject({ kind: 'missing', code, detail: expect.stringContaining(detail) });
});

it('is missing where a part of the answer is', async () => {
  success('scalar', [1, '1'], { warnings: ['2 of 3 stores did not answer'] });
  expect(await read()).toMatchObject({ code: 'failed', detail: 'Prometheus warns: 2 of 3 stores did not answer' });
});

it('says what is wrong with the query', async () => {
  answering({ status: 'error', errorType: 'bad_data', error: 'parse error: unexpected end' }, 400);
  expect(await read()).toMatchObject({
    code: 'failed',
    detail: 'Prometheus refuses the query: parse error: unexpected end',
  });
  answering({ status: 'success', data: { resultType: 'scalar', result: [1, '1'] } }, 503);
  expect(await read()).toMatchObject({ code: 'failed', detail: expect.stringContaining('HTTP 503') });
});

it('refuses an address with a query of its own', () => {
  const url = 'http://127.0.0.1:9090/?query=up';
  expect(problemsOf(prometheusMetric, { url, query: 'up' })[0]).toContain('leave it out of the URL');
});
