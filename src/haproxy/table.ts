import type { Rows, sameState } from './rows.ts';
import type { ServerKey } from './servers.ts';

/** Where in a reply each server's row is: in its order. */
export interface Kept {
  readonly rows: Rows;
  readonly keys: readonly ServerKey[];
  readonly starts: readonly number[];
  readonly ends: readonly number[];
}

/** Of a row: its server, where that one's row was before (-1 where it was not), and whether it says the same. */
interface Met {
  readonly key: ServerKey;
  readonly place: number;
  readonly isSame: boolean;
}

/** A table with a row for each server, beside an earlier one of the same columns. */
export class Table {
  readonly #before: Kept | null;
  readonly #rows: Rows;
  readonly #keyOf: (row: Rows) => ServerKey;
  readonly #isSame: typeof sameState;
  readonly #keys: ServerKey[] = [];
  readonly #starts: number[] = [];
  readonly #ends: number[] = [];
  /** Servers come and go, but those that stay keep their order: nearly always a row is the one after the one before. */
  #next = 0;
  #places: ReadonlyMap<ServerKey, number> | null = null;

  constructor(before: Kept | null, rows: Rows, keyOf: (row: Rows) => ServerKey, isSame: typeof sameState) {
    this.#before = before;
    this.#rows = rows;
    this.#keyOf = keyOf;
    this.#isSame = isSame;
  }

  get kept(): Kept {
    return { rows: this.#rows, keys: this.#keys, starts: this.#starts, ends: this.#ends };
  }

  /** Of the row that `rows` is at, whose fields are found unless it is the same; null for one that is not whole. */
  meet(): Met | null {
    const next = this.#next;
    const expected = this.#before?.keys[next];
    if (expected !== undefined && this.#isSameAt(next)) {
      this.#next += 1;
      return { key: expected, place: next, isSame: true };
    }
    if (!this.#rows.split()) return null;
    const key = this.#keyOf(this.#rows);
    const place = key === expected ? next : this.#placeOf(key);
    if (place === undefined) return { key, place: -1, isSame: false };
    this.#next = place + 1;
    return { key, place, isSame: place !== next && this.#isSameAt(place) };
  }

  keep(key: ServerKey): void {
    const { start, end } = this.#rows;
    this.#keys.push(key);
    this.#starts.push(start);
    this.#ends.push(end);
  }

  #placeOf(key: ServerKey): number | undefined {
    this.#places ??= new Map(this.#before?.keys.map((one, place) => [one, place]));
    return this.#places.get(key);
  }

  #isSameAt(place: number): boolean {
    const { bytes, start, end } = this.#rows;
    const [before, beforeStart, beforeEnd] = [this.#before, this.#before?.starts[place], this.#before?.ends[place]];
    if (before === null || beforeStart === undefined || beforeEnd === undefined) return false;
    return this.#isSame(before.rows.bytes, beforeStart, beforeEnd, bytes, start, end);
  }
}
