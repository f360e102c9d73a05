import type { EpochMs } from '../model/time.ts';
import type { LoadPoint } from '../views/what-if.ts';
import { SeriesError } from './series.ts';

/** Smaller numbers are seconds: as milliseconds they would be in 1973. */
const MILLISECONDS_FROM = 1e11;
const WITHOUT_ZONE = /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?)?$/;

/**
 * Reads lines of `time,value`, with or without a heading. An empty value or NaN is one that is missing.
 * @throws SeriesError that names the line
 */
export function readCsv(text: string): LoadPoint[] {
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/);
  return lines.flatMap((line, index): LoadPoint[] => {
    if (line.trim() === '') return [];
    const [time = '', value, ...more] = line.split(',').map((cell) => cell.trim().replace(/^"(.*)"$/, '$1'));
    const at = readTime(time);
    if (at === null && index === 0) return [];
    if (at === null)
      throw new SeriesError(`Line ${index + 1}: "${time}" is not a valid time; use ISO 8601 or seconds since 1970.`);
    if (value === undefined || more.length > 0) throw new SeriesError(`Line ${index + 1} is not "time,value".`);
    return [{ at, value: readValue(value, `Line ${index + 1}`) }];
  });
}

/**
 * Reads the answer of Prometheus' `query_range`, with exactly one series.
 * @throws SeriesError
 */
export function readPrometheusRange(text: string): LoadPoint[] {
  const answer = parseJson(text);
  const result = member(member(answer, 'data'), 'result');
  if (
    member(answer, 'status') !== 'success' ||
    member(member(answer, 'data'), 'resultType') !== 'matrix' ||
    !Array.isArray(result)
  ) {
    throw new SeriesError('That is no answer of query_range: it has no result of type matrix.');
  }
  if (result.length !== 1) {
    throw new SeriesError(
      `The answer has ${result.length} series, and one is needed: use sum() or max() in the query.`,
    );
  }
  const values = member(result[0], 'values');
  if (!Array.isArray(values)) throw new SeriesError('The series has no values; histograms cannot be replayed.');
  return values.map((pair: unknown, index) => {
    const [seconds, value] = Array.isArray(pair) ? pair : [];
    if (typeof seconds !== 'number' || typeof value !== 'string') {
      throw new SeriesError(`Value ${index + 1} is not [seconds, "value"].`);
    }
    return { at: Math.round(seconds * 1_000), value: readValue(value, `Value ${index + 1}`) };
  });
}

/** ISO 8601, in UTC where it names no zone, or seconds or milliseconds since 1970; null for anything else. */
export function readTime(text: string): EpochMs | null {
  if (/^\d+(?:\.\d+)?$/.test(text)) {
    const number = Number(text);
    return Math.round(number < MILLISECONDS_FROM ? number * 1_000 : number);
  }
  if (!/^\d{4}-/.test(text)) return null;
  const utc = WITHOUT_ZONE.test(text) && text.length > 10 ? `${text.replace(' ', 'T')}Z` : text;
  const at = Date.parse(utc);
  return Number.isNaN(at) ? null : at;
}

function readValue(text: string, where: string): number | null {
  if (text === '' || /^nan$/i.test(text)) return null;
  const value = Number(text);
  if (!Number.isFinite(value)) throw new SeriesError(`${where}: "${text}" is no finite number.`);
  if (value < 0) throw new SeriesError(`${where}: a load of ${text} is below zero.`);
  return value;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new SeriesError('That is no JSON.');
  }
}

function member(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null && key in value ? Reflect.get(value, key) : undefined;
}
