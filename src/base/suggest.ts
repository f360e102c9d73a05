const MAX_WORD_CHARACTERS = 64;

/** `did you mean minSize?`, or the list of what there is when nothing is close. */
export function didYouMean(word: string, known: readonly string[]): string {
  const nearest = closest(word, known);
  if (nearest !== null) return `did you mean ${nearest}?`;
  return known.length === 0 ? 'none is known' : `known: ${[...known].sort().join(', ')}`;
}

/** What AWS and cron call it, without capitals. */
const CALLED_ELSEWHERE: Readonly<Record<string, readonly string[]>> = {
  cron: ['recurrence', 'schedule', 'cronexpression'],
  at: ['time', 'date'],
  startAt: ['starttime'],
  endAt: ['endtime'],
  minSize: ['min', 'minimum', 'mincapacity'],
  maxSize: ['max', 'maximum', 'maxcapacity'],
  desiredCapacity: ['desired', 'size', 'replicas', 'desiredsize'],
  healthCheckGracePeriod: ['graceperiod'],
  unhealthyThreshold: ['unhealthythresholdcount', 'fall'],
  healthyThreshold: ['healthythresholdcount', 'rise'],
  interval: ['healthcheckintervalseconds', 'inter'],
  timeout: ['healthchecktimeoutseconds'],
  path: ['healthcheckpath', 'uri'],
  deregistrationDelay: ['deregistrationdelaytimeoutseconds', 'draintimeout'],
  adjustment: ['scalingadjustment'],
  lowerBound: ['metricintervallowerbound'],
  upperBound: ['metricintervalupperbound'],
  defaultInstanceWarmup: ['estimatedinstancewarmup', 'warmup'],
};

function closest(word: string, known: readonly string[]): string | null {
  if (word.length > MAX_WORD_CHARACTERS) return null;
  const meant = plain(word);
  const elsewhere = known.find((one) => CALLED_ELSEWHERE[one]?.includes(meant));
  if (elsewhere !== undefined && !known.some((one) => plain(one) === meant)) return elsewhere;
  // `TERM` is meant as `SIGTERM`.
  const ending = meant.length < 3 ? undefined : known.find((one) => plain(one) === `sig${meant}`);
  if (ending !== undefined) return ending;
  let best: string | null = null;
  let bestDistance = Math.max(1, Math.floor(meant.length / 3)) + 1;
  for (const candidate of known) {
    const distance = editDistance(meant, plain(candidate));
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  return best;
}

/** `min_size`, `min-size` and `MinSize` are all meant as `minSize`. */
function plain(word: string): string {
  return word.toLowerCase().replaceAll(/[-_ ]/g, '');
}

/** Levenshtein: how many characters are to be put in, left out or changed. */
function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 0; i < a.length; i++) {
    const row = [i + 1];
    for (let j = 1; j <= b.length; j++) {
      const change = (previous[j - 1] ?? 0) + (a[i] === b[j - 1] ? 0 : 1);
      row.push(Math.min(change, (previous[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1));
    }
    previous = row;
  }
  return previous[b.length] ?? 0;
}
