/** Text for a terminal, measured in columns. */

import stringWidth from 'string-width';

/** How many columns plain text takes. */
export function widthOf(text: string): number {
  return stringWidth(text);
}

/** Plain text cut to at most `width` columns, with the mark of the cut as its last one. */
export function cut(text: string, width: number, mark: string): string {
  if (widthOf(text) <= width) return text;
  const room = width - widthOf(mark);
  if (room < 0) return '';
  return take(text, room).trimEnd() + mark;
}

/** As many whole characters from the beginning as fit. */
function take(text: string, width: number): string {
  let kept = '';
  let used = 0;
  for (const { segment } of graphemes.segment(text)) {
    used += widthOf(segment);
    if (used > width) break;
    kept += segment;
  }
  return kept;
}

/** Plain text filled up with spaces to `width` columns. */
export function pad(text: string, width: number, align: 'left' | 'right' = 'left'): string {
  const filler = ' '.repeat(Math.max(0, width - widthOf(text)));
  return align === 'left' ? text + filler : filler + text;
}

/** Plain text broken between words into at most `maxLines` lines of at most `width` columns; what is left over is cut. */
export function wrap(text: string, width: number, maxLines: number, mark: string): readonly string[] {
  const lines: string[] = [];
  let rest = text;
  while (widthOf(rest) > width && lines.length < maxLines - 1) {
    // One more than fits: the space after the last word that fits may be just beyond.
    const space = take(rest, width + 1).lastIndexOf(' ');
    const end = space > 0 ? space : take(rest, width).length;
    lines.push(rest.slice(0, end).trimEnd());
    rest = rest.slice(end).trimStart();
  }
  lines.push(cut(rest, width, mark));
  return lines;
}

/** More than any sentence needs. */
const MAX_SENTENCE_LINES = 12;

/** A sentence in as many lines as it needs; all but the first are indented by two more columns. */
export function wrapIndented(text: string, width: number, indent: string, mark: string): readonly string[] {
  return wrap(text, width - indent.length - 2, MAX_SENTENCE_LINES, mark).map(
    (line, index) => `${indent}${index === 0 ? '' : '  '}${line}`,
  );
}

const graphemes = new Intl.Segmenter();
