/** Keeps the parameters of one statement (at most twelve a row) well below what databases take (SQLite: 32,766). */
export const MOST_ROWS_PER_STATEMENT = 512;

/**
 * The rows in pieces, each small enough for one statement. Their lengths are powers of two: a statement for each of so few lengths is
 * made once and kept, while one for every number of rows takes a megabyte each.
 */
export function* batches<Row>(rows: readonly Row[]): Generator<readonly Row[]> {
  let length = MOST_ROWS_PER_STATEMENT;
  for (let start = 0; start < rows.length; start += length) {
    while (length > rows.length - start) length /= 2;
    yield rows.slice(start, start + length);
  }
}
