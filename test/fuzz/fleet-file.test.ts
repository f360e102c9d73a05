import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse as parseYaml, stringify } from 'yaml';
import { diffFleets } from '../../src/fleet/diff.ts';
import { describeError, formatErrors } from '../../src/fleet/file/errors.ts';
import { parseFleet } from '../../src/fleet/file/load.ts';
import { metricSourceTypes } from '../../src/metrics/registry.ts';
import { providerTypes } from '../../src/providers/registry.ts';
import { anyText, bounded, cpuMs, FUZZ_TIMEOUT_MS } from './fuzz.ts';

const SECRET = 'hunter2hunter2';
const PATIENCE_MS = 2_000;
const EXAMPLE_PATH = new URL('../../examples/hello/fleet.yaml', import.meta.url).pathname;
const EXAMPLE = withSecret(readFileSync(EXAMPLE_PATH, 'utf8'));
const LINES = EXAMPLE.split('\n');
const VALUE: unknown = parseYaml(EXAMPLE);
const PATHS = pathsOf(VALUE);

/** Everything that the file may say is there, and a password where it belongs. */
function withSecret(example: string): string {
  const value = parseYaml(example);
  const [group] = Object.values<{ launchTemplate: object }>(value.autoScalingGroups);
  Object.assign(group?.launchTemplate ?? {}, { environment: { TOKEN: SECRET, OTHER: `${SECRET}: [${SECRET}` } });
  Object.assign(group ?? {}, { orphanGracePeriod: '10m', launchRetry: { suspendAfter: 3 } });
  return stringify({ ...value, history: { activities: 1_000 } });
}

function parse(text: string | Uint8Array) {
  return parseFleet({ text, path: '/srv/shop/fleet.yaml', providers: providerTypes, sources: metricSourceTypes });
}

const before = parse(EXAMPLE);

/** A fleet that keeps its promises, or errors that a person can use; soon, and without what is secret. */
function check(text: string | Uint8Array): void {
  const beginMs = cpuMs();
  const result = parse(text);
  expect(cpuMs() - beginMs).toBeLessThan(PATIENCE_MS);
  if (!result.ok) {
    expect(result.errors.length).toBeGreaterThan(0);
    expect(result.errors.length).toBeLessThanOrEqual(50);
    for (const error of result.errors) {
      expect(error.line).toBeGreaterThanOrEqual(1);
      expect(error.column).toBeGreaterThanOrEqual(1);
      expect(error.message).not.toBe('');
      expect(describeError(error)).not.toMatch(/\p{Cc}/u);
    }
    expect(formatErrors(result.errors)).not.toContain(SECRET);
    expect(JSON.stringify(result.errors)).not.toContain(SECRET);
    return;
  }
  for (const { minSize, maxSize, desiredCapacity } of result.fleet.autoScalingGroups) {
    expect(minSize).toBeLessThanOrEqual(desiredCapacity ?? minSize);
    expect(desiredCapacity ?? maxSize).toBeLessThanOrEqual(maxSize);
  }
  for (const ms of numbersThatEndIn('Ms', result.fleet)) expect(Number.isSafeInteger(ms) && ms >= 0).toBe(true);
  if (before.ok) expect(JSON.stringify(diffFleets(before.fleet, result.fleet))).not.toContain(SECRET);
}

function numbersThatEndIn(end: string, value: unknown, key = ''): number[] {
  if (typeof value === 'number') return key.endsWith(end) ? [value] : [];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, part]) => numbersThatEndIn(end, part, name));
}

type Path = readonly string[];

function pathsOf(value: unknown, path: Path = []): Path[] {
  const inside =
    typeof value === 'object' && value !== null
      ? Object.entries(value).flatMap(([key, part]) => pathsOf(part, [...path, key]))
      : [];
  return path.length === 0 ? inside : [path, ...inside];
}

/** Changes a copy of the example at one place; a place that an earlier change has taken away is left. */
type Mutation = (root: unknown) => void;

function at(path: Path, change: (parent: object, key: string) => void): Mutation {
  return (root) => {
    let parent: unknown = root;
    for (const key of path.slice(0, -1)) {
      parent = typeof parent === 'object' && parent !== null ? Reflect.get(parent, key) : undefined;
    }
    const key = path.at(-1);
    if (typeof parent === 'object' && parent !== null && key !== undefined) change(parent, key);
  };
}

const path = fc.constantFrom(...PATHS);
const notSecret = path.filter((steps) => !steps.includes('environment'));
const anyValue = fc.oneof(
  anyText,
  fc.integer(),
  fc.double(),
  fc.constantFrom(null, true, [], {}, [[]], { a: { b: {} } }),
  fc.array(anyText, { maxLength: 3 }),
);
/** An earlier mutation may have put something there that has no text, such as an object without a prototype. */
function asText(value: unknown): string {
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  path.map((steps) => at(steps, (parent, key) => void Reflect.deleteProperty(parent, key))),
  fc.tuple(path, anyValue).map(([steps, value]) => at(steps, (parent, key) => define(parent, key, value))),
  // A number a little or a lot off, a text with something before or behind it.
  fc
    .tuple(notSecret, anyText)
    .map(([steps, text]) =>
      at(steps, (parent, key) => define(parent, key, `${asText(Reflect.get(parent, key))}${text}`)),
    ),
  fc
    .tuple(notSecret, fc.integer({ min: -2, max: 70_000 }))
    .map(([steps, number]) => at(steps, (parent, key) => define(parent, key, number))),
  fc.tuple(notSecret, anyText).map(([steps, name]) =>
    at(steps, (parent, key) => {
      if (Array.isArray(parent)) return;
      define(parent, name, Reflect.get(parent, key));
      Reflect.deleteProperty(parent, key);
    }),
  ),
  // Something that is right elsewhere.
  fc.tuple(notSecret, notSecret).map(([from, to]) => (root: unknown) => {
    at(from, (source, sourceKey) =>
      at(to, (parent, key) => define(parent, key, structuredClone(Reflect.get(source, sourceKey))))(root),
    )(root);
  }),
  path.map((steps) => at(steps, (parent, key) => define(parent, key, [Reflect.get(parent, key)]))),
);

function define(parent: object, key: string, value: unknown): void {
  Object.defineProperty(parent, key, { value, configurable: true, enumerable: true, writable: true });
}

describe('a fleet file', () => {
  it('of the example, with a password, is right', () => {
    expect(before).toMatchObject({ ok: true });
  });

  it(
    'whose structure is changed gives a fleet or clear errors, and no secret',
    () => {
      const style = fc.record({
        indent: fc.constantFrom(1, 2, 4),
        collectionStyle: fc.constantFrom('any' as const, 'block' as const, 'flow' as const),
        defaultStringType: fc.constantFrom('PLAIN' as const, 'QUOTE_DOUBLE' as const, 'QUOTE_SINGLE' as const),
      });
      fc.assert(
        fc.property(fc.array(mutation, { minLength: 1, maxLength: 4 }), style, (mutations, options) => {
          const value = structuredClone(VALUE);
          for (const mutate of mutations) mutate(value);
          check(stringify(value, { ...options, aliasDuplicateObjects: false }));
        }),
        bounded(1_000),
      );
    },
    FUZZ_TIMEOUT_MS,
  );

  it(
    'whose text is changed gives a fleet or clear errors',
    () => {
      const place = fc.nat({ max: EXAMPLE.length });
      const change = fc.oneof(
        fc.tuple(place, fc.nat({ max: 30 }), anyText).map(
          ([from, length, text]) =>
            (file: string) =>
              file.slice(0, from) + text + file.slice(from + length),
        ),
        place.map((from) => (file: string) => file.slice(0, from)),
        fc
          .tuple(
            fc.nat({ max: LINES.length }),
            fc.constantFrom(' ', '  ', '\t', '- ', '# ', '{', '&a ', '*a', '<<: *a', '---', '? '),
          )
          .map(
            ([index, text]) =>
              (file: string) =>
                file
                  .split('\n')
                  .map((line, number) => (number === index ? text + line : line))
                  .join('\n'),
          ),
        fc.constant((file: string) => file.replaceAll('\n', '\r\n')),
      );
      fc.assert(
        fc.property(fc.array(change, { minLength: 1, maxLength: 3 }), (changes) =>
          check(changes.reduce((file, one) => one(file), EXAMPLE.replaceAll(SECRET, 'public'))),
        ),
        bounded(1_000),
      );
    },
    FUZZ_TIMEOUT_MS,
  );

  it(
    'with one bad line beside a password does not show the password',
    () => {
      const secretLine = LINES.findIndex((line) => line.includes('environment:'));
      const inside = fc.nat({ max: 2 }).map((offset) => secretLine + offset);
      const bad = fc.constantFrom(
        '\t',
        '}',
        '"',
        "'",
        '@',
        '*',
        '!x ',
        '- ',
        '? ',
        ': ',
        '{',
        '&a ',
        '| ',
        '`',
        '%',
        ' ',
      );
      fc.assert(
        fc.property(inside, bad, fc.nat({ max: 60 }), (index, text, anyColumn) => {
          const line = LINES[index] ?? '';
          // The name of the key that says what is secret has to stay whole.
          const column = index === secretLine ? Math.min(anyColumn, line.indexOf('environment')) : anyColumn;
          check(LINES.with(index, line.slice(0, column) + text + line.slice(column)).join('\n'));
        }),
        bounded(1_000),
      );
    },
    FUZZ_TIMEOUT_MS,
  );

  it(
    'of damaged bytes gives a fleet or clear errors',
    () => {
      const bytes = Buffer.from(EXAMPLE.replaceAll(SECRET, 'public'));
      const flips = fc.array(fc.tuple(fc.nat({ max: bytes.length - 1 }), fc.nat({ max: 255 })), {
        minLength: 1,
        maxLength: 4,
      });
      fc.assert(
        fc.property(flips, (places) => {
          const damaged = Buffer.from(bytes);
          for (const [offset, byte] of places) damaged[offset] = byte;
          check(damaged);
        }),
        bounded(1_000),
      );
    },
    FUZZ_TIMEOUT_MS,
  );
});
