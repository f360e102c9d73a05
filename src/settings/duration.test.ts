import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { formatDuration, MAX_DURATION_MS, parseDuration } from '../base/duration.ts';
import { durationSchema } from './duration.ts';

function messageFor(value: unknown, bounds = {}): string {
  const result = durationSchema(bounds).safeParse(value);
  expect(result.success).toBe(false);
  return result.error?.issues.map((issue) => issue.message).join('\n') ?? '';
}

describe('durationSchema', () => {
  it.each([
    ['300ms', 300],
    ['30s', 30_000],
    ['5m', 300_000],
    ['1h', 3_600_000],
    ['1h30m', 5_400_000],
    ['1m500ms', 60_500],
    ['90s', 90_000],
    ['0s', 0],
    ['576h', MAX_DURATION_MS],
  ])('reads %s', (text, ms) => {
    expect(durationSchema().parse(text)).toBe(ms);
  });

  it.each([
    '',
    ' ',
    '5',
    's',
    '5 s',
    '-5s',
    '1.5s',
    '5m1h',
    '5s5s',
    '5sec',
    '5S',
    '1e3s',
    '5s\n',
    '１s',
    '1000000000000s',
  ])('refuses %j', (text) => {
    messageFor(text);
  });

  it('says what to write instead of a bare number', () => {
    const hint = 'a duration needs a unit: write 30s for seconds or 30ms for milliseconds';
    expect(messageFor(30)).toBe(hint);
    expect(messageFor('30')).toBe(hint);
  });

  it.each([null, true, [], {}, Number.NaN])('refuses %j, which is no text', (value) => {
    messageFor(value);
  });

  it('keeps to its bounds and names them', () => {
    const bounds = { minMs: 100, maxMs: 3_600_000 };
    expect(durationSchema(bounds).parse('100ms')).toBe(100);
    expect(durationSchema(bounds).parse('1h')).toBe(3_600_000);
    expect(messageFor('99ms', bounds)).toBe('99ms is out of range; it must be from 100ms to 1h');
    expect(messageFor('1h1ms', bounds)).toBe('1h1ms is out of range; it must be from 100ms to 1h');
    expect(messageFor('577h')).toContain('to 576h');
  });

  it('is text with a pattern in JSON Schema', () => {
    const schema = z.toJSONSchema(durationSchema(), { io: 'input' });
    expect(schema.type).toBe('string');
    expect(new RegExp(schema.pattern ?? '').test('1h30m')).toBe(true);
  });

  it('never throws', () => {
    fc.assert(fc.property(fc.anything(), (value) => typeof durationSchema().safeParse(value).success === 'boolean'));
  });
});

describe('formatDuration', () => {
  it.each([
    [0, '0s'],
    [300, '300ms'],
    [1_500, '1s500ms'],
    [5_400_000, '1h30m'],
    [86_400_000, '24h'],
    [0.4, '0s'],
    [-2_000, '-2s'],
    [Number.POSITIVE_INFINITY, 'Infinity'],
  ])('writes %d as %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });

  it('is read back as the same duration', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: MAX_DURATION_MS }), (ms) => parseDuration(formatDuration(ms)) === ms),
    );
  });
});
