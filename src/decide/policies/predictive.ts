import type { PredictivePolicy } from '../../model/scaling-policy.ts';
import type { EpochMs } from '../../model/time.ts';
import { ceilDecimal } from './decimal.ts';
import { FORECAST_MIN_HOURS } from './forecast.ts';
import { type HourlyValue, noOpinion, type PolicyContext, type PolicyVerdict } from './policy.ts';
import { figure, servers } from './text.ts';

const HOUR_MS = 3_600_000;

/**
 * Wants as many servers as the forecast of this hour needs, and ahead of the next hour as many as that one needs. It never scales in:
 * what it wants keeps the others from going below, and that is all (`combine` sees to it). It reads what was recorded, so it
 * needs no reading now; before there is enough to learn from it has no opinion and stands in nobody's way.
 */
export function predictive(policy: PredictivePolicy, context: PolicyContext): PolicyVerdict {
  const { forecast, history, memory, now } = context;
  const quiet = (why: string) => noOpinion(policy, memory, `${history.length} hours of history`, why);
  if (policy.valueIs === 'average') {
    return quiet(`${policy.metric} is an average: it does not tell how many servers were needed, only a total does.`);
  }
  const hours = forecast();
  if (hours === null) {
    return quiet(
      `A forecast needs ${FORECAST_MIN_HOURS} hours of ${policy.metric}, and ${history.length} are recorded.`,
    );
  }
  const thisHour = Math.floor(now / HOUR_MS) * HOUR_MS;
  const nextFrom = thisHour + HOUR_MS - policy.schedulingBufferMs;
  const isAhead = now >= nextFrom;
  const relevant = hours.filter(({ at }) => at === thisHour || (isAhead && at === thisHour + HOUR_MS));
  const peak = relevant.reduce<HourlyValue | null>(
    (most, hour) => (most === null || hour.value > most.value ? hour : most),
    null,
  );
  if (peak === null) return quiet(`Nothing is known of ${policy.metric} at this time of the day.`);
  const wants = Math.max(0, ceilDecimal(peak.value / policy.targetValue));
  const why = `The forecast of ${policy.metric} from ${clock(peak.at)} on is ${figure(peak.value)}, ${figure(policy.targetValue)} a server is the target, so ${servers(wants)}.`;
  const verdict = { ...quiet(why), waitsUntil: isAhead ? thisHour + HOUR_MS : nextFrom };
  return policy.mode === 'forecastOnly'
    ? { ...verdict, cappedBy: 'forecastOnly', why: `${why} It only forecasts (forecastOnly).` }
    : { ...verdict, wants };
}

function clock(at: EpochMs): string {
  return `${new Date(at).toISOString().slice(11, 16)} UTC`;
}
