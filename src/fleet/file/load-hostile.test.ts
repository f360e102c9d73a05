import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { propertyRuns } from '../../../test/support/effort.ts';
import { describeError } from './errors.ts';
import { MAX_FLEET_FILE_BYTES } from './load.ts';
import { errorsOf, parse } from './load-for-test.ts';

const TIME_LIMIT_MS = 10_000;

describe('hostile files', () => {
  const bomb = Array.from({ length: 12 }, (_, i) => `a${i + 1}: &a${i + 1} [${`*a${i},`.repeat(9)}]`).join('\n');

  it.each([
    ['not UTF-8', Uint8Array.from([0x66, 0xff, 0xfe])],
    ['too large', `#${'x'.repeat(MAX_FLEET_FILE_BYTES)}`],
    ['aliases that multiply', `a0: &a0 [1, 2, 3, 4, 5]\n${bomb}\n`],
    ['a hundred levels', `fleet: ${'['.repeat(100)}${']'.repeat(100)}`],
  ])(
    '%s: one clear error',
    (_, text) => {
      expect(errorsOf(text)).toMatchSnapshot();
    },
    TIME_LIMIT_MS,
  );

  it.each([
    ['deep brackets', `fleet: ${'['.repeat(200_000)}`],
    ['deep braces', `fleet: ${'{a: '.repeat(60_000)}`],
    ['many keys', Array.from({ length: 40_000 }, (_, i) => `k${i}:`).join('\n')],
    ['many groups', `targetGroups: {${Array.from({ length: 20_000 }, (_, i) => `g${i}: {x: }`).join(',')}}`],
    ['many aliases', `a: &a 1\nb: [${'*a,'.repeat(60_000)}]`],
    ['one long line', `fleet: ${'a'.repeat(250_000)}`],
    ['one long matcher', `targetGroups: { a: { healthCheck: { matcher: "${'200,'.repeat(60_000)}" } } }`],
    ['many anchors', Array.from({ length: 20_000 }, (_, i) => `- &a${i} x`).join('\n')],
    ['many openings of quotes', `'`.repeat(250_001)],
    ['many colons', `${'a: '.repeat(80_000)}`],
    ['many dashes', '- '.repeat(100_000)],
  ])(
    '%s: errors within seconds, and few of them',
    (_, text) => {
      const result = parse(text);
      expect(!result.ok && result.errors.length).toBeGreaterThan(0);
      expect(!result.ok && result.errors.length).toBeLessThanOrEqual(50);
    },
    TIME_LIMIT_MS,
  );
});

describe('any file', () => {
  function isWellFormed(text: string | Uint8Array): void {
    const result = parse(text);
    if (result.ok) return;
    expect(result.errors.length).toBeGreaterThan(0);
    for (const error of result.errors) {
      expect(error.line).toBeGreaterThanOrEqual(1);
      expect(error.column).toBeGreaterThanOrEqual(1);
      expect(describeError(error)).not.toMatch(/\p{Cc}/u);
    }
  }

  it('of bytes gives a fleet or errors', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), isWellFormed), propertyRuns(100));
  });

  it('of text gives a fleet or errors', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 200 }), isWellFormed), propertyRuns(100));
  });

  it('with the words of YAML gives a fleet or errors', () => {
    const words = [
      'fleet',
      ':',
      ' ',
      '\n',
      '  ',
      '- ',
      '[',
      ']',
      '{',
      '}',
      ',',
      '&a ',
      '*a',
      '!!x ',
      '|',
      '>',
      '"',
      "'",
      '? ',
      '#',
      '---',
      '\t',
      '<<',
      'targetGroups',
      '5',
      '30s',
      '\r',
    ];
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...words), { maxLength: 60 }), (list) => isWellFormed(list.join(''))),
      propertyRuns(500),
    );
  });

  it('with the words of a fleet and any values gives a fleet or errors', () => {
    const keys = [
      'fleet',
      'loadBalancers',
      'targetGroups',
      'autoScalingGroups',
      'web',
      'listeners',
      'healthCheck',
      'launchTemplate',
      'provider',
      'minSize',
      'constructor',
      'toString',
      '',
    ];
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { maxDepth: 6 },
        fc.constantFrom('process', 'web', '30s', '', 'roundRobin'),
        fc.integer(),
        fc.double(),
        fc.constant(null),
        fc.boolean(),
        fc.array(tie('tree'), { maxLength: 4 }),
        fc.dictionary(fc.constantFrom(...keys), tie('tree'), { maxKeys: 6 }),
      ),
    }));
    fc.assert(
      fc.property(tree, (value) => isWellFormed(stringify(value))),
      propertyRuns(500),
    );
  });

  it('with one line of the example changed gives a fleet or errors', () => {
    const lines = readFileSync(new URL('../../../examples/hello/fleet.yaml', import.meta.url), 'utf8').split('\n');
    const index = fc.nat({ max: lines.length - 1 });
    fc.assert(
      fc.property(index, index, fc.string({ maxLength: 10 }), (from, to, insert) => {
        isWellFormed(lines.toSpliced(to, 1, `${lines[from]}${insert}`).join('\n'));
      }),
      propertyRuns(500),
    );
  });
});
