import type { Point } from './timeline.ts';

const BLOCKS = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
const SERIES = ['desired', 'running', 'healthy'] as const;

/** Desired, running and healthy servers of a group over time, one row of blocks each, all on one scale. */
export function chart(group: string, points: readonly Point[], width: number): string {
  const most = Math.max(1, ...points.flatMap((point) => SERIES.map((series) => point[series])));
  const columns = Math.min(width, points.length);
  const rows = SERIES.map((series) => {
    const cells = Array.from({ length: columns }, (_, column) => block(least(points, column, columns, series), most));
    return `  ${series.padEnd(8)}│${cells.join('')}│`;
  });
  const end = formatTime(points.at(-1)?.atMs ?? 0);
  return [
    `${group}: 0 to ${most} servers; each column shows the least in its time`,
    ...rows,
    `  ${' '.repeat(8)} ${'0'.padEnd(Math.max(1, columns - end.length))}${end}`,
  ].join('\n');
}

/** What is missing for a moment only is to be seen too. */
function least(points: readonly Point[], column: number, columns: number, series: (typeof SERIES)[number]): number {
  const from = Math.floor((column * points.length) / columns);
  const to = Math.max(from + 1, Math.floor(((column + 1) * points.length) / columns));
  return points.slice(from, to).reduce((min, point) => Math.min(min, point[series]), Number.POSITIVE_INFINITY);
}

function block(value: number, most: number): string {
  return BLOCKS[Math.ceil((value / most) * (BLOCKS.length - 1))] ?? ' ';
}

function formatTime(ms: number): string {
  if (ms >= 86_400_000) return `${(ms / 86_400_000).toFixed(1)} d`;
  return ms >= 3_600_000 ? `${(ms / 3_600_000).toFixed(1)} h` : `${(ms / 60_000).toFixed(1)} min`;
}
