import { describe, expect, it } from 'vitest';
import { contextOf, foreseeing, HOUR, MINUTE, MONDAY_8 } from '../../../test/support/policies.ts';
import { Forecasts, forecast } from './forecast.ts';
import type { HourlyValue } from './policy.ts';
import { predictive } from './predictive.ts';

const DAY = 24 * HOUR;
/** The hours before Monday, 08:00, as a function of the time. */
const past = (hours: number, valueAt: (at: number) => number): HourlyValue[] =>
  Array.from({ length: hours }, (_, index) => {
    const at = MONDAY_8 - (hours - index) * HOUR;
    return { at, value: valueAt(at) };
  });
const hourOf = (at: number) => (at % DAY) / HOUR;
const isWeekend = (at: number) => [0, 6].includes(new Date(at).getUTCDay());
const office = (at: number) => (hourOf(at) >= 9 && hourOf(at) < 17 && !isWeekend(at) ? 1_000 : 100);

describe('a forecast', () => {
  it('needs 24 hours', () => {
    expect(forecast(past(23, office), MONDAY_8)).toBeNull();
    expect(forecast(past(24, office), MONDAY_8)).not.toBeNull();
  });

  it('is by the hour, 48 hours ahead', () => {
    const hours = forecast(past(14 * 24, office), MONDAY_8 + 20 * MINUTE) ?? [];
    expect(hours).toHaveLength(49);
    expect(hours[0]?.at).toBe(MONDAY_8);
    expect(hours.at(-1)?.at).toBe(MONDAY_8 + 48 * HOUR);
  });

  it('repeats a constant exactly', () => {
    const hours =
      forecast(
        past(48, () => 70),
        MONDAY_8,
      ) ?? [];
    expect(Math.max(...hours.map(({ value }) => Math.abs(value - 70)))).toBeLessThan(1e-9);
  });

  it('repeats a day after one day', () => {
    const daily = (at: number) => 100 + 10 * hourOf(at);
    for (const { at, value } of forecast(past(24, daily), MONDAY_8) ?? []) expect(value).toBeCloseTo(daily(at), 6);
  });

  it('knows the weekend from the week, once it has seen one', () => {
    const friday = MONDAY_8 + 4 * DAY;
    const history = past(14 * 24, office).map(({ at }) => ({ at: at + 4 * DAY, value: office(at + 4 * DAY) }));
    const noon = (day: number) => day - 8 * HOUR + 12 * HOUR;
    const at = new Map((forecast(history, friday) ?? []).map((hour) => [hour.at, hour.value]));
    expect(at.get(noon(friday))).toBeGreaterThan(800);
    expect(at.get(noon(friday + DAY))).toBeLessThan(400);
  });

  it('follows the level of the last hours, and expects that to fade', () => {
    const history = past(14 * 24, () => 100).map((hour, index) =>
      index >= 14 * 24 - 6 ? { ...hour, value: 150 } : hour,
    );
    const hours = forecast(history, MONDAY_8) ?? [];
    expect(hours[0]?.value).toBeGreaterThan(140);
    expect(hours.at(-1)?.value).toBeLessThan(115);
  });

  it('uses 14 days', () => {
    const old = { at: MONDAY_8 - 15 * DAY, value: 1e9 };
    expect(forecast([old, ...past(14 * 24, office)], MONDAY_8)).toEqual(forecast(past(14 * 24, office), MONDAY_8));
  });

  it('is made once an hour from the same history', () => {
    const forecasts = new Forecasts();
    const history = past(14 * 24, office);
    const first = forecasts.of(history, MONDAY_8);
    expect(forecasts.of(history, MONDAY_8 + HOUR - 1)).toBe(first);
    expect(forecasts.of(history, MONDAY_8 + HOUR)?.[0]?.at).toBe(MONDAY_8 + HOUR);
    expect(forecasts.of(history, MONDAY_8)).toEqual(first);
    expect(forecast(history, MONDAY_8)).toEqual(first);
    const constant = past(14 * 24, () => 1);
    expect(forecasts.of(constant, MONDAY_8)).not.toEqual(first);
  });

  it('bridges what is missing', () => {
    const holes = past(14 * 24, () => 70).filter((_, index) => index % 5 !== 0);
    const hours = forecast(holes, MONDAY_8) ?? [];
    expect(hours.length).toBeGreaterThan(45);
    for (const { value } of hours) expect(value).toBeCloseTo(70, 6);
  });
});

describe('a predictive policy', () => {
  const history = past(14 * 24, office);
  const verdict = (afterMs: number, changes = {}) =>
    predictive(foreseeing(changes), contextOf(null, { now: MONDAY_8 + afterMs, history }));

  it('acts ahead of the hour', () => {
    expect(verdict(54 * MINUTE)).toMatchObject({ wants: 1, waitsUntil: MONDAY_8 + 55 * MINUTE });
    expect(verdict(55 * MINUTE).wants).toBeGreaterThanOrEqual(8);
  });

  it('only shows what it would do with forecastOnly', () => {
    const shown = verdict(55 * MINUTE, { mode: 'forecastOnly' });
    expect(shown).toMatchObject({ wants: null, agreesToScaleIn: true, cappedBy: 'forecastOnly' });
    expect(shown.why).toMatch(/from 09:00 UTC on is .* servers/);
  });

  it('stands in nobody’s way while it learns', () => {
    const young = predictive(foreseeing(), contextOf(null, { history: past(5, office) }));
    expect(young).toMatchObject({ wants: null, agreesToScaleIn: true });
    expect(young.why).toBe('A forecast needs 24 hours of requests, and 5 are recorded.');
  });

  it('says that an average does not tell how many servers were needed', () => {
    expect(verdict(0, { valueIs: 'average' })).toMatchObject({ wants: null, agreesToScaleIn: true });
  });
});
