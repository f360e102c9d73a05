/** Numbers and times in a person's words. */

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** `8 s`, `4 min`, `3 h 20 min`, `2 d 4 h`: two units at most. */
export function duration(ms: number): string {
  const rest = Math.max(0, ms);
  if (rest < MINUTE) return `${Math.floor(rest / SECOND)} s`;
  if (rest < HOUR) {
    const seconds = Math.floor((rest % MINUTE) / SECOND);
    return rest < 10 * MINUTE && seconds > 0
      ? `${Math.floor(rest / MINUTE)} min ${seconds} s`
      : `${Math.floor(rest / MINUTE)} min`;
  }
  if (rest < DAY) return two(Math.floor(rest / HOUR), 'h', Math.floor((rest % HOUR) / MINUTE), 'min');
  return two(Math.floor(rest / DAY), 'd', Math.floor((rest % DAY) / HOUR), 'h');
}

function two(large: number, unit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large} ${unit}` : `${large} ${unit} ${small} ${smallUnit}`;
}

/** The largest unit alone, for a narrow column. */
function age(ms: number): string {
  const rest = Math.max(0, ms);
  if (rest < MINUTE) return `${Math.floor(rest / SECOND)} s`;
  if (rest < HOUR) return `${Math.floor(rest / MINUTE)} min`;
  if (rest < DAY) return `${Math.floor(rest / HOUR)} h`;
  return `${Math.floor(rest / DAY)} d`;
}

export function ago(ms: number): string {
  return ms < 2 * SECOND ? 'just now' : `${age(ms)} ago`;
}

/** Three digits that matter: `0.42`, `8.3`, `120`, `1.2 k`. */
export function amount(value: number): string {
  const size = Math.abs(value);
  if (size >= 100_000) return `${Math.round(value / 1_000)} k`;
  if (size >= 10_000) return `${(value / 1_000).toFixed(1)} k`;
  if (size >= 100 || Number.isInteger(value)) return String(Math.round(value));
  if (size >= 10) return value.toFixed(1);
  return size < 0.005 ? '0' : value.toFixed(size < 1 ? 2 : 1);
}

export function share(value: number): string {
  if (value === 0) return '0 %';
  return value < 0.001 ? '< 0.1 %' : `${amount(value * 100)} %`;
}

export function count(number: number, one: string, many = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`;
}

const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const day = new Intl.DateTimeFormat('en-GB', { weekday: 'short', day: 'numeric', month: 'short' });

export function dayAndTime(at: number): string {
  return `${day.format(at)}, ${clock.format(at)}`;
}

/** `healthDisputed` -> `health disputed`. */
export function spaced(name: string): string {
  return name.replaceAll(/([a-z])([A-Z])/g, (_, before: string, after: string) => `${before} ${after.toLowerCase()}`);
}

/** An id that fits a narrow place and can still be told from the others: its first characters after `i-`. */
export function shortId(id: string): string {
  return id.replace(/^i-/, '').slice(0, 6);
}
