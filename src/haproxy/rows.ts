import { type Record, splitRow } from './csv.ts';

const NEWLINE = 0x0a;
const HASH = 0x23;
const QUOTE = 0x22;
const COMMA = 0x2c;
const BLANK = 0x20;

/**
 * The rows of one of HAProxy's tables, one after the other in place: a reply has a hundred columns of which few are asked for, and tens
 * of thousands of rows of which few have changed. What is read of a row are fresh strings, which keep no part of the reply alive.
 */
export class Rows implements Record {
  readonly bytes: Buffer;
  readonly header: string;
  readonly #end: number;
  readonly #separator: number;
  readonly #columns: readonly string[];
  readonly #places: ReadonlyMap<string, number>;
  readonly #starts: Int32Array;
  #next: number;
  /** The row's own part of the reply, without the newline. */
  start = 0;
  end = 0;
  /** Fields of a row with quotes in it. */
  #quoted: readonly string[] | null = null;

  /** @param start of the header line, which begins with `# ` */
  private constructor(bytes: Buffer, start: number, end: number, separator: number) {
    this.bytes = bytes;
    this.#end = end;
    this.#separator = separator;
    const headerEnd = lineEnd(bytes, start, end);
    this.header = bytes.toString('utf8', start, headerEnd);
    const isHeader = this.header.startsWith('# ');
    const columns = isHeader ? splitRow(this.header.slice(2).trim(), String.fromCharCode(separator)) : [];
    this.#columns = columns;
    this.#places = new Map(columns.map((column, index) => [column, index]));
    this.#starts = new Int32Array(columns.length + 1);
    this.#next = columns.length > 0 ? headerEnd + 1 : end;
  }

  /** Of `show stat`. */
  static csv(bytes: Buffer, start: number, end: number): Rows {
    return new Rows(bytes, start, end, COMMA);
  }

  /** Of `show servers state`, whose header comes after a line with the version. */
  static table(bytes: Buffer, start: number, end: number): Rows {
    return new Rows(bytes, lineEnd(bytes, start, end) + 1, end, BLANK);
  }

  /** Goes to the next row, whole or not; false after the last one. */
  next(): boolean {
    while (this.#next < this.#end) {
      this.start = this.#next;
      this.end = lineEnd(this.bytes, this.start, this.#end);
      this.#next = this.end + 1;
      if (this.end > this.start && this.bytes[this.start] !== HASH) return true;
    }
    return false;
  }

  /** For each place whether its column is one of these. */
  placesOf(columns: ReadonlySet<string>): readonly boolean[] {
    return this.#columns.map((column) => columns.has(column));
  }

  /** Goes to a row that was met before. */
  goTo(start: number, end: number): this {
    this.start = start;
    this.end = end;
    return this;
  }

  /** Finds the row's fields. False for one that has not as many as there are columns. */
  split(): boolean {
    this.#quoted = null;
    const { bytes, end } = this;
    const starts = this.#starts;
    const separator = this.#separator;
    const columns = starts.length - 1;
    let count = 0;
    starts[0] = this.start;
    for (let at = this.start; at < end; at += 1) {
      const byte = bytes[at];
      if (byte === QUOTE) return this.#splitQuoted();
      if (byte !== separator) continue;
      count += 1;
      starts[count] = at + 1;
      // A later version of a table may have more of them than its header says.
      if (count === columns) return separator === BLANK;
    }
    count += 1;
    starts[count] = end + 1;
    return count === columns;
  }

  get(column: string): string | undefined {
    const place = this.#places.get(column);
    if (place === undefined) return undefined;
    if (this.#quoted !== null) return this.#quoted[place];
    return this.bytes.toString('utf8', this.#starts[place], (this.#starts[place + 1] ?? 0) - 1);
  }

  #splitQuoted(): boolean {
    this.#quoted = splitRow(this.bytes.toString('utf8', this.start, this.end), String.fromCharCode(this.#separator));
    return this.#quoted.length === this.#starts.length - 1;
  }
}

function lineEnd(bytes: Buffer, start: number, end: number): number {
  const found = bytes.indexOf(NEWLINE, start);
  return found < 0 || found > end ? end : found;
}

/** What of a server's state says nothing new: its age, and whether a check is under way just now. */
const AGE_FIELD = 9;
const CHECK_STATE_FIELD = 13;

/** Whether two rows of `show servers state` say the same, apart from that. */
export function sameState(a: Buffer, aStart: number, aEnd: number, b: Buffer, bStart: number, bEnd: number): boolean {
  let [i, j, field] = [aStart, bStart, 0];
  while (i < aEnd && j < bEnd) {
    const byte = a[i];
    if (byte === b[j]) {
      if (byte === BLANK) field += 1;
      i += 1;
      j += 1;
    } else if (field === AGE_FIELD) {
      while (i < aEnd && a[i] !== BLANK) i += 1;
      while (j < bEnd && b[j] !== BLANK) j += 1;
    } else if (field === CHECK_STATE_FIELD && isLastBit(byte, b[j]) && a[i + 1] === BLANK && b[j + 1] === BLANK) {
      i += 1;
      j += 1;
    } else {
      return false;
    }
  }
  return i === aEnd && j === bEnd;
}

/**
 * Whether two rows of `show stat` say the same in the fields that are read: the others hold ages, which change each second.
 * @param isRead by the field's place
 */
export function sameStatistics(
  isRead: readonly boolean[],
  ...[a, aStart, aEnd, b, bStart, bEnd]: Parameters<typeof sameState>
): boolean {
  let [i, j, field, isQuoted] = [aStart, bStart, 0, false];
  while (i < aEnd && j < bEnd) {
    const byte = a[i];
    if (byte === b[j]) {
      if (byte === QUOTE) {
        // Rows whose quotes are not as CSV has them may be split in more than one way.
        const isInPlace = isQuoted
          ? endsField(a, i + 1, aEnd) && endsField(b, j + 1, bEnd)
          : i === aStart || a[i - 1] === COMMA || a[i - 1] === QUOTE;
        if (!isInPlace) return false;
        isQuoted = !isQuoted;
      } else if (byte === COMMA && !isQuoted) field += 1;
      i += 1;
      j += 1;
    } else if (isQuoted || isRead[field] !== false) {
      return false;
    } else {
      i = plainFieldEnd(a, i, aEnd);
      j = plainFieldEnd(b, j, bEnd);
      if (i < 0 || j < 0) return false;
    }
  }
  return i === aEnd && j === bEnd && !isQuoted;
}

/** What may follow a closing quote; a second one makes it a quote in the text. */
function endsField(bytes: Buffer, at: number, end: number): boolean {
  return at === end || bytes[at] === COMMA || bytes[at] === QUOTE;
}

/** -1 where there are quotes in it. */
function plainFieldEnd(bytes: Buffer, start: number, end: number): number {
  let at = start;
  while (at < end && bytes[at] !== COMMA) {
    if (bytes[at] === QUOTE) return -1;
    at += 1;
  }
  return at;
}

function isLastBit(a = 0, b = 0): boolean {
  return (a ^ b) === 1;
}
