import type { Compilable, CompiledQuery, DialectAdapter, InsertResult, Kysely } from 'kysely';
import type { Tables } from './schema.ts';

/**
 * An insert of rows that comes with every commit. Kysely needs longer to build such a statement than SQLite to carry it out, so its
 * SQL is built once for each number of rows (see batches.ts) and kept for all databases of one kind.
 */
export class KeptInsert<Row extends object> {
  readonly #build: (db: Kysely<Tables>, rows: readonly Row[]) => Compilable<InsertResult>;
  readonly #kept = new WeakMap<DialectAdapter, Map<number, CompiledQuery<InsertResult>>>();

  /** The statement that is built has the values of its rows as parameters, in their order, and no others. */
  constructor(build: (db: Kysely<Tables>, rows: readonly Row[]) => Compilable<InsertResult>) {
    this.#build = build;
  }

  /** All rows name the same columns in the same order. */
  async execute(db: Kysely<Tables>, rows: readonly Row[]): Promise<void> {
    const parameters = rows.flatMap((row) => Object.values(row));
    await db.executeQuery({ ...this.#statement(db, rows, parameters), parameters });
  }

  #statement(db: Kysely<Tables>, rows: readonly Row[], parameters: readonly unknown[]): CompiledQuery<InsertResult> {
    const { adapter } = db.getExecutor();
    const kept = this.#kept.get(adapter) ?? new Map<number, CompiledQuery<InsertResult>>();
    const known = kept.get(rows.length);
    if (known !== undefined) return known;
    const built = this.#build(db, rows).compile();
    if (built.parameters.some((value, index) => value !== parameters[index])) {
      throw new TypeError(`the statement has other parameters than the values of its rows: ${built.sql}`);
    }
    this.#kept.set(adapter, kept.set(rows.length, built));
    return built;
  }
}
