/** Aligned columns without lines between them, in the width that there is. */

import { cut, pad, widthOf, wrap } from './text.ts';

export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
  /** As wide as this where there is room, so that columns stay where they are while their content changes. */
  readonly usualWidth?: number;
  /** It may be cut down to so many columns; absent: it is never cut. */
  readonly minWidth?: number;
  /** What does not fit goes on in further lines of its row instead of being cut. */
  readonly wraps?: boolean;
  /** Where the rest does not fit, the column with the highest rank is left out first; absent: never. */
  readonly dropRank?: number;
}

/** Plain text, and the colours that it gets once it is cut and padded. */
export interface Cell {
  readonly text: string;
  readonly style?: (text: string) => string;
}

export interface TableStyle {
  readonly width: number;
  readonly title: (text: string) => string;
  /** The mark of a cut. */
  readonly cut: string;
}

const GAP = '  ';

/** More than any sentence needs: it bounds what a text from outside may take. */
const MAX_CELL_LINES = 20;

/** The title and each row, in one line unless a column of it wraps; a line is never wider than the style's width. */
export function renderTable(
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
  style: TableStyle,
): readonly string[] {
  const widths = fitColumns(columns, naturalWidths(columns, rows), style.width);
  const titles = columns.map((column): Cell => ({ text: column.title, style: style.title }));
  return [titles, ...rows].flatMap((row) =>
    inLines(columns, row, widths, style.cut).map((line) => renderRow(columns, line, widths, style.cut)),
  );
}

/** One row for each line that its highest cell takes. */
function inLines(
  columns: readonly Column[],
  row: readonly Cell[],
  widths: readonly number[],
  mark: string,
): readonly (readonly Cell[])[] {
  const texts = row.map(({ text }, index) => {
    const width = widths[index] ?? 0;
    return columns[index]?.wraps === true && width > 0 ? wrap(text, width, MAX_CELL_LINES, mark) : [text];
  });
  const height = Math.max(1, ...texts.map((lines) => lines.length));
  return Array.from({ length: height }, (_, line) =>
    row.map((cell, index): Cell => ({ ...cell, text: texts[index]?.[line] ?? '' })),
  );
}

function renderRow(columns: readonly Column[], row: readonly Cell[], widths: readonly number[], mark: string): string {
  const cells = columns.flatMap((column, index) => {
    const width = widths[index] ?? 0;
    const cell = row[index];
    if (width === 0) return [];
    const text = pad(cut(cell?.text ?? '', width, mark), width, column.align);
    return [{ text, style: cell?.style }];
  });
  const last = cells.at(-1);
  // No spaces at a line's end: copied text stays clean.
  if (last !== undefined) last.text = last.text.trimEnd();
  return cells
    .map(({ text, style }) => (style === undefined || text === '' ? text : style(text)))
    .join(GAP)
    .trimEnd();
}

function naturalWidths(columns: readonly Column[], rows: readonly (readonly Cell[])[]): number[] {
  return columns.map((column, index) =>
    rows.reduce(
      (widest, row) => Math.max(widest, widthOf(row[index]?.text ?? '')),
      Math.max(column.usualWidth ?? 0, widthOf(column.title)),
    ),
  );
}

/** The width of each column; 0 for one that is left out. */
function fitColumns(columns: readonly Column[], natural: readonly number[], width: number): number[] {
  const least = columns.map((column, index) =>
    Math.min(column.minWidth ?? Number.POSITIVE_INFINITY, natural[index] ?? 0),
  );
  const kept = columns.map(() => true);
  const taken = (widths: readonly number[]) => {
    const inUse = widths.filter((_, index) => kept[index]);
    return inUse.reduce((sum, each) => sum + each, 0) + GAP.length * Math.max(0, inUse.length - 1);
  };
  while (taken(least) > width) {
    const dropped = lowestPriority(columns, kept);
    if (dropped === -1) break;
    kept[dropped] = false;
  }
  let excess = taken(natural) - width;
  const widths = natural.map((_, index) => (kept[index] ? (natural[index] ?? 0) : 0));
  // Of those that wrap, the widest gives way first, so that none becomes a thin column of broken words.
  while (excess > 0) {
    const widest = columns.reduce(
      (best, { wraps }, index) =>
        wraps === true && (widths[index] ?? 0) > Math.max(least[index] ?? 0, widths[best] ?? 0) ? index : best,
      -1,
    );
    if (widest === -1) break;
    widths[widest] = (widths[widest] ?? 0) - 1;
    excess -= 1;
  }
  for (let index = columns.length - 1; index >= 0 && excess > 0; index -= 1) {
    if (!kept[index]) continue;
    const given = Math.min(excess, (widths[index] ?? 0) - (least[index] ?? 0));
    widths[index] = (widths[index] ?? 0) - given;
    excess -= given;
  }
  return widths;
}

function lowestPriority(columns: readonly Column[], kept: readonly boolean[]): number {
  let found = -1;
  let highest = -1;
  columns.forEach(({ dropRank }, index) => {
    if (!kept[index] || dropRank === undefined || dropRank <= highest) return;
    found = index;
    highest = dropRank;
  });
  return found;
}
