import { formatDuration } from '../../base/duration.ts';
import { count } from '../../base/plural.ts';
import type { WhatIfRun } from '../../views/what-if.ts';
import { clean } from './clean.ts';
import { colors, type Look, symbols } from './look.ts';
import { renderTable } from './table.ts';
import { wrap } from './text.ts';
import { amount, duration } from './units.ts';
import { thin } from './what-if-thin.ts';

const MAX_CHART_COLUMNS = 96;
const AXIS_COLUMNS = 8;
const LOAD_ROWS = 5;
const SIZE_ROWS = 6;
const MAX_ACTIVITIES = 20;
const MAX_SENTENCE_LINES = 4;

/** Replays as text: what they come to side by side, then for each one charts and what was done. */
export function renderWhatIf(runs: readonly WhatIfRun[], look: Look): readonly string[] {
  const [first] = runs;
  if (first === undefined) return [];
  const { cut } = symbols(look);
  const about = whatIfHeading(first).flatMap((line) => wrap(clean(line), look.columns, MAX_SENTENCE_LINES, cut));
  return [...about, '', ...comparison(runs, look), ...runs.flatMap((run) => ['', ...story(run, look)])];
}

/** What is replayed, in two sentences. */
export function whatIfHeading(run: WhatIfRun): readonly [string, string] {
  const { group, metric, valueIs, from, to, intervalMs, bootMs, capacity } = run;
  const load = metric === null ? 'the load' : `${metric}${valueIs === 'average' ? ', seen as an average' : ''}`;
  const handles = capacity === null ? '' : `, one server can handle ${amount(capacity)}`;
  return [
    `Group ${group}: ${load} from ${utc(from)} to ${utc(to)} (UTC), every ${formatDuration(intervalMs)}.`,
    `A server boots in ${formatDuration(bootMs)}${handles}.`,
  ];
}

function comparison(runs: readonly WhatIfRun[], look: Look): readonly string[] {
  const columns = [
    { title: '' },
    ...runs.map(({ title }) => ({ title: clean(title), align: 'right' as const, minWidth: 12 })),
  ];
  const rows = summaryRows(runs).map((row) => row.map((text) => ({ text })));
  const { bold } = colors(look);
  return renderTable(columns, rows, { width: look.columns, title: bold, cut: symbols(look).cut });
}

/** A row for each figure: what it is, and its value in each run. */
export function summaryRows(runs: readonly WhatIfRun[]): readonly (readonly string[])[] {
  const row = (name: string, value: (run: WhatIfRun) => string) => [name, ...runs.map(value)];
  const rows = [
    row('servers in service, least', ({ summary }) => String(summary.minSize)),
    row('servers in service, mean', ({ summary }) => summary.meanSize.toFixed(1)),
    row('servers in service, most', ({ summary }) => String(summary.maxSize)),
    row('instance hours', ({ summary }) => summary.instanceHours.toFixed(1)),
    row('load x seconds', ({ summary }) => amount(summary.demand)),
    row('of it not served', ({ summary: { unserved } }) => (unserved === null ? '-' : amount(unserved))),
    row('share not served', ({ summary: { unserved, demand } }) =>
      unserved === null ? '-' : `${share(unserved, demand)} %`,
    ),
    row('longest overload', ({ summary: { longestOverloadMs: ms } }) => (ms === null ? '-' : duration(ms))),
    row('scaled out, times', ({ summary }) => String(summary.scaleOuts)),
    row('scaled in, times', ({ summary }) => String(summary.scaleIns)),
  ];
  if (runs.some(({ summary }) => summary.missingMs > 0)) {
    rows.push(row('load not known for', ({ summary }) => duration(summary.missingMs)));
  }
  return rows;
}

function share(part: number, whole: number): string {
  return whole === 0 ? '0' : String(Number(((100 * part) / whole).toPrecision(2)));
}

function story(run: WhatIfRun, look: Look): string[] {
  const width = Math.min(look.columns, MAX_CHART_COLUMNS) - AXIS_COLUMNS;
  const points = thin(run.points, width);
  const { bold, dim } = colors(look);
  const { cut } = symbols(look);
  const loads = points.map(({ load }) => load);
  const sizes = points.map(({ inService }) => inService);
  const shown = run.activities.slice(0, MAX_ACTIVITIES);
  const more = run.summary.activities - shown.length;
  const key = look.unicode ? '─' : '=';
  return [
    bold(clean(run.title)),
    ...run.notes.flatMap((note) => wrap(note, look.columns, MAX_SENTENCE_LINES, cut)),
    dim('Load'),
    ...chart(loads, [], LOAD_ROWS, look),
    dim(`Servers in service, and ${key} desired`),
    ...chart(
      sizes,
      points.map(({ desired }) => desired),
      SIZE_ROWS,
      look,
    ),
    dim(`${' '.repeat(AXIS_COLUMNS)}${axis(run, points.length)}`),
    ...(shown.length > 0 ? [''] : []),
    ...shown.flatMap(({ at, message }) => wrap(`${utc(at)}  ${clean(message)}`, look.columns, MAX_SENTENCE_LINES, cut)),
    ...(more > 0 ? [`... and ${count(more, 'more activity').replace('activitys', 'activities')}.`] : []),
  ];
}

const EIGHTHS = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/** Columns as high as the values, and a line where the marks are above them. */
function chart(values: readonly (number | null)[], marks: readonly number[], rows: number, look: Look): string[] {
  const most = Math.max(...values.map((value) => value ?? 0), ...marks);
  const top = most > 0 ? most : 1;
  return Array.from({ length: rows }, (_, line) => {
    const row = rows - 1 - line;
    const cells = values.map((value, index) => {
      const height = ((value ?? 0) / top) * rows - row;
      const mark = ((marks[index] ?? 0) / top) * rows;
      const isMarked = mark > ((value ?? 0) / top) * rows + 1e-9 && Math.ceil(mark) - 1 === row;
      if (isMarked) return look.unicode ? '─' : '=';
      if (look.unicode) return EIGHTHS[Math.max(0, Math.min(8, Math.round(height * 8)))] ?? ' ';
      return height >= 0.5 ? '#' : ' ';
    });
    const label = line === 0 ? amount(top) : line === rows - 1 ? '0' : '';
    return `${label.padStart(AXIS_COLUMNS - 2)}${look.unicode ? ' ┤' : ' |'}${cells.join('')}`.trimEnd();
  });
}

function axis({ from, to }: WhatIfRun, columns: number): string {
  const [begin, end] = [utc(from), utc(to)];
  return `${begin}${' '.repeat(Math.max(2, columns - begin.length - end.length))}${end}`;
}

/** `2026-11-23 08:00` */
export function utc(at: number): string {
  return new Date(at).toISOString().slice(0, 16).replace('T', ' ');
}
