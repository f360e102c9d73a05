import { describe, expect, it } from 'vitest';
import {
  addressSchema,
  filePathSchema,
  headersSchema,
  headerValueSchema,
  httpPathSchema,
  matcherSchema,
  nameSchema,
  networkSchema,
  portSchema,
} from './fields.ts';

describe('names', () => {
  it.each(['a', 'web', 'api-2', 'Batch_1', '2nd', 'x'.repeat(32)])('%s is one', (text) => {
    expect(nameSchema.safeParse(text).success).toBe(true);
  });

  it.each(['', '5', '007', '-a', '_a', 'a b', 'a.b', 'a/b', 'é', 'a\n', 'x'.repeat(33), 'a;b', '../a'])(
    '%j is none',
    (text) => {
      expect(nameSchema.safeParse(text).success).toBe(false);
    },
  );
});

describe('addresses', () => {
  it.each([
    ['127.0.0.1', '127.0.0.1'],
    ['::', '::'],
    ['0:0:0:0:0:0:0:1', '::1'],
    ['FE80::0001', 'fe80::1'],
  ])('%s is %s', (text, usual) => {
    expect(addressSchema.parse(text)).toBe(usual);
  });

  it.each(['', '*', 'localhost', '127.0.0.1:80', '127.1', '[::1]', 'fe80::1%eth0', '1.2.3.4 ', '1.2.3.4\n'])(
    '%j is none',
    (text) => {
      expect(addressSchema.safeParse(text).success).toBe(false);
    },
  );
});

describe('networks', () => {
  it.each(['10.0.0.0/8', '192.0.2.7', '0.0.0.0/0', '::1', 'fd00::/8', '::/0', '10.1.2.3/32'])('take %s', (text) => {
    expect(networkSchema.parse(text)).toBe(text);
  });

  it.each(['', '10.0.0.0/33', '10/8', '::/129', '10.0.0.0/', '10.0.0.0/8/8', 'proxy', 'fe80::1%eth0', '10.0.0.0/+8'])(
    'refuse %j',
    (text) => {
      expect(networkSchema.safeParse(text).error?.issues[0]?.message).toContain('it must be a network');
    },
  );
});

describe('health check paths', () => {
  it.each(['/', '/health', '/a/b?c=d&e=%20', '/~x;y=(1)'])('%s is one', (text) => {
    expect(httpPathSchema.safeParse(text).success).toBe(true);
  });

  it.each([
    '',
    'health',
    '/a b',
    '/a"',
    "/a'",
    '/a\\',
    '/a#b',
    '/$HOME',
    '/a\r\nX: y',
    '/a\n',
    '/é',
    `/${'a'.repeat(1_024)}`,
  ])('%j is none', (text) => {
    expect(httpPathSchema.safeParse(text).success).toBe(false);
  });
});

describe('matchers', () => {
  it.each([200, '200', '200-399', '200,204,301-302', '599'])('%s is one', (text) => {
    expect(matcherSchema.parse(text)).toBe(String(text));
  });

  it.each(['', '20', '2000', '199', '600', '399-200', '200-', '200, 204', '200,', '2xx', '200\n', 200.5, -200, null])(
    '%j is none',
    (text) => {
      expect(matcherSchema.safeParse(text).success).toBe(false);
    },
  );
});

it('ports are from 1 to 65535', () => {
  expect([0, 1, 65_535, 65_536, 1.5, '80'].map((port) => portSchema.safeParse(port).success)).toEqual([
    false,
    true,
    true,
    false,
    false,
    false,
  ]);
});

it('paths on disk have no control characters', () => {
  expect(['a b', '/é/x', '', 'a\0', 'a\n'].map((path) => filePathSchema.safeParse(path).success)).toEqual([
    true,
    true,
    false,
    false,
    false,
  ]);
});

describe('headers', () => {
  const headers = headersSchema(headerValueSchema);
  const problems = (value: unknown) =>
    headers
      .safeParse(value)
      .error?.issues.map((issue) => (issue.code === 'invalid_key' ? issue.issues[0]?.message : issue.message)) ?? [];

  it.each([[{ 'X-Forwarded-Proto': 'https', 'User-Agent': 'drover/1 (health)', A: '' }], [{}]])(
    '%j are in order',
    (value) => {
      expect(problems(value)).toEqual([]);
    },
  );

  it.each([
    [{ 'Transfer-Encoding': 'chunked' }, 'belongs to the connection'],
    [{ connection: 'close' }, 'belongs to the connection'],
    [{ 'Content-Length': '3' }, 'belongs to the connection'],
    [{ 'a b': 'x' }, "a header's name has"],
    [{ 'a\n': 'x' }, "a header's name has"],
    [{ '': 'x' }, "a header's name has"],
    [{ a: 'x\r\nb: c' }, 'one line of printable ASCII'],
    [{ a: 'x\0' }, 'one line of printable ASCII'],
    [{ a: 'é' }, 'one line of printable ASCII'],
    [{ 'X-A': '1', 'x-a': '2' }, 'a header is there twice'],
  ])('%j are refused', (value, problem) => {
    expect(problems(value)).toEqual([expect.stringContaining(problem)]);
  });
});
