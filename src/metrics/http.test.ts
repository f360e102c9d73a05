import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { env } from 'node:process';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { FakeHttp } from '../../test/support/fake-http.ts';
import { freshFolder, NO_ABORT, problemsOf, sourceOf } from '../../test/support/metric-sources.ts';
import { httpMetric } from './http.ts';
import { atPointer } from './json-pointer.ts';

let fake: FakeHttp;

beforeEach(async () => {
  fake = await FakeHttp.start();
});
afterEach(() => fake.stop());

describe('http', () => {
  const read = (settings: object = {}, baseDir = '/') =>
    sourceOf(httpMetric, { url: fake.url, ...settings }, {}, baseDir).read(NO_ABORT);

  it.each([
    ['5', '', 5],
    [' -2.5e1 ', '', -25],
    ['"17"', '', 17],
    ['" 0 "', '', 0],
    ['{"a/b":[{"c~d":3}]}', '/a~1b/0/c~0d', 3],
    ['{"":4}', '/', 4],
  ])('finds in %s at "%s" the number %d', async (body, pointer, value) => {
    fake.answer = () => ({ body });
    expect(await read({ pointer })).toMatchObject({ kind: 'value', value });
  });

  it.each([
    ['{}', '/jobs', 'absent', 'has nothing'],
    ['[1]', '/1', 'absent', 'has nothing'],
    ['[1]', '/-', 'absent', 'has nothing'],
    ['[1]', '/length', 'absent', 'has nothing'],
    ['{"a":1}', '/__proto__', 'absent', 'has nothing'],
    ['{"a":null}', '/a', 'notANumber', '"null"'],
    ['{"a":true}', '/a', 'notANumber', '"true"'],
    ['{"a":""}', '/a', 'notANumber', 'not a number'],
    ['{"a":"0x10"}', '/a', 'notANumber', 'not a number'],
    ['{"a":1e999}', '/a', 'notANumber', 'not a number'],
    ['{"a":[1]}', '/a', 'notANumber', 'not a number'],
    ['', '', 'notANumber', 'not JSON'],
    ['NaN', '', 'notANumber', 'not JSON'],
  ])('finds no number in %s at "%s"', async (body, pointer, code, detail) => {
    fake.answer = () => ({ body });
    expect(await read({ pointer })).toMatchObject({
      kind: 'missing',
      code,
      detail: expect.stringContaining(detail),
    });
  });

  it('follows no redirect', async () => {
    fake.answer = ({ url }) => (url === '/there' ? { body: '5' } : { status: 302, headers: { location: '/there' } });
    expect(await read()).toMatchObject({ detail: `${fake.url}/ answers HTTP 302; redirects are not followed` });
    expect(fake.requests).toHaveLength(1);
  });

  it('reads no more than a megabyte', async () => {
    fake.answer = () => ({ body: `"${'x'.repeat(2 ** 20)}"` });
    expect(await read()).toMatchObject({ kind: 'missing', code: 'failed' });
  });

  it('sends headers from files and variables, read anew each time', async () => {
    const folder = await freshFolder();
    env.DROVER_METRIC_TEST = ' from-env ';
    onTestFinished(() => void delete env.DROVER_METRIC_TEST);
    fake.answer = () => ({ body: '1' });
    const headers = {
      authorization: { file: 'token', prefix: 'Bearer ' },
      'x-api-key': { variable: 'DROVER_METRIC_TEST' },
      accept: { value: 'application/json' },
    };
    const source = sourceOf(httpMetric, { url: fake.url, headers }, {}, folder);
    for (const token of ['first', 'second']) {
      await writeFile(join(folder, 'token'), `${token}\n`);
      await source.read(NO_ABORT);
    }
    expect(fake.requests.map((request) => request.headers.authorization)).toEqual(['Bearer first', 'Bearer second']);
    expect(fake.requests[0]?.headers).toMatchObject({ 'x-api-key': 'from-env', accept: 'application/json' });
  });

  it.each(['', 'two\nlines', `${'x'.repeat(20_000)}`])('sends nothing where a secret is unusable', async (content) => {
    const folder = await freshFolder();
    await writeFile(join(folder, 'token'), content);
    const reading = await read({ headers: { authorization: { file: 'token' } } }, folder);
    expect(reading).toMatchObject({ code: 'unreadable', detail: expect.stringContaining(join(folder, 'token')) });
    expect(fake.requests).toEqual([]);
  });

  it('sends no secret that no header may have, and does not show it', async () => {
    const folder = await freshFolder();
    await writeFile(join(folder, 'token'), 'pässwörd');
    const reading = await read({ headers: { authorization: { file: 'token' } } }, folder);
    expect(reading).toMatchObject({ code: 'unreadable', detail: expect.not.stringContaining('pässwörd') });
    expect(fake.requests).toEqual([]);
  });

  it('shows no query, which may hold a key', async () => {
    const url = `${fake.url}/stats?key=hidden`;
    expect(await read({ url })).toMatchObject({ detail: `${fake.url}/stats answers HTTP 404` });
  });

  it('refuses settings that could show secrets or go elsewhere', () => {
    const url = 'http://127.0.0.1';
    const headers = { Authorization: { value: 'Bearer x' } };
    expect(problemsOf(httpMetric, { url, headers })[0]).toContain('not written into the fleet file');
    expect(problemsOf(httpMetric, { url, headers: { a: { file: 'x', variable: 'Y' } } })[0]).toContain('exactly one');
    expect(problemsOf(httpMetric, { url, headers: { 'a b': { file: 'x' } } })).not.toEqual([]);
    const smuggled = { 'Transfer-Encoding': { value: 'chunked' } };
    expect(problemsOf(httpMetric, { url, headers: smuggled })).toHaveLength(1);
    expect(problemsOf(httpMetric, { url, headers: { a: { file: 'x', prefix: 'a\r\nb: c' } } })[0]).toContain(
      'one line',
    );
    expect(problemsOf(httpMetric, { url, pointer: 'jobs' })[0]).toContain('JSON pointer');
    expect(problemsOf(httpMetric, { url: 'http://me:secret@host' })).toEqual([
      'url: a URL has no user and no password in it; they have settings of their own',
    ]);
    expect(problemsOf(httpMetric, { url: 'file:///etc/passwd' })[0]).toContain('http:// or https://');
    expect(problemsOf(httpMetric, { url: 'not a url' })).toHaveLength(1);
  });
});

it('points as RFC 6901 says', () => {
  const document = { foo: ['bar', 'baz'], '': 0, 'a/b': 1, 'c%d': 2, 'e^f': 3, 'g|h': 4, 'i\\j': 5, ' ': 7, 'm~n': 8 };
  const found = ['', '/foo', '/foo/0', '/', '/a~1b', '/c%d', '/e^f', '/g|h', '/i\\j', '/ ', '/m~0n', '/foo/00', '/x/y'];
  expect(found.map((pointer) => atPointer(document, pointer))).toEqual([
    document,
    document.foo,
    'bar',
    0,
    1,
    2,
    3,
    4,
    5,
    7,
    8,
    undefined,
    undefined,
  ]);
});
