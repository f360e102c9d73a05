/** Keeps the parameters of one statement (at most twelve a row) well below what databases take (SQLite: 32,766). */
const ROWS_PER_STATEMENT = 500;

/** The rows in pieces, each small enough for one statement. */
export function* batches<Row>(rows: readonly Row[]): Generator<readonly Row[]> {
  for (let start = 0; start < rows.length; start += ROWS_PER_STATEMENT) {
    yield rows.slice(start, start + ROWS_PER_STATEMENT);
  }
}
