import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import {
  type DatabaseConnection,
  type Dialect,
  type DialectAdapter,
  type Driver,
  SqliteAdapter,
  type SqliteDatabase,
  SqliteDialect,
  SqliteDriver,
  type SqliteStatement,
} from 'kysely';
import { PortError } from '../ports/errors.ts';

const MAX_PREPARED = 200;

/** Who may use a database now: the connection that was made last. */
const connections = new WeakMap<DatabaseSync, NodeSqliteConnection>();

/** The same few statements come again and again; preparing one costs more than many of them do. */
const prepared = new WeakMap<DatabaseSync, Map<string, SqliteStatement>>();

/**
 * Kysely's SQLite dialect on Node's own `node:sqlite`. A new dialect for the same database takes it over: what another one
 * left open is rolled back, and what its owner still tries is refused.
 */
export class NodeSqliteDialect extends SqliteDialect implements Dialect {
  readonly #database: DatabaseSync;
  readonly #connection: NodeSqliteConnection;

  constructor(database: DatabaseSync, options: { readonly closeDatabase: boolean }) {
    const connection = new NodeSqliteConnection(database, options.closeDatabase);
    super({ database: connection });
    this.#database = database;
    this.#connection = connection;
    connections.set(database, connection);
    if (database.isTransaction) database.exec('rollback');
  }

  override createDriver(): Driver {
    return new NodeSqliteDriver(this.#database, this.#connection);
  }

  override createAdapter(): DialectAdapter {
    return ADAPTER;
  }
}

/** SQLite changes its schema in transactions; Kysely has to know it, to run migrations in one. */
class TransactionalDdlAdapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true;
  }
}

/** One for all databases: what is built for one holds for every other. */
const ADAPTER = new TransactionalDdlAdapter();

class NodeSqliteDriver extends SqliteDriver {
  readonly #database: DatabaseSync;

  constructor(database: DatabaseSync, connection: NodeSqliteConnection) {
    super({ database: connection });
    this.#database = database;
  }

  /** On a full disk SQLite rolls back by itself; a second rollback would hide the error that matters. */
  override async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    if (this.#database.isTransaction) await super.rollbackTransaction(connection);
  }
}

/** What Kysely asks of a database, in the words of better-sqlite3. */
class NodeSqliteConnection implements SqliteDatabase {
  readonly #database: DatabaseSync;
  readonly #closeDatabase: boolean;
  readonly #prepared: Map<string, SqliteStatement>;

  constructor(database: DatabaseSync, closeDatabase: boolean) {
    this.#database = database;
    this.#closeDatabase = closeDatabase;
    this.#prepared = prepared.get(database) ?? new Map();
    prepared.set(database, this.#prepared);
  }

  close(): void {
    connections.delete(this.#database);
    if (!this.#closeDatabase) return;
    this.#prepared.clear();
    this.#database.close();
  }

  prepare(sql: string): SqliteStatement {
    if (connections.get(this.#database) !== this)
      throw new PortError('Transient', 'storeClosed', 'the store is closed, or another one has taken its place');
    const known = this.#prepared.get(sql);
    if (known !== undefined) return known;
    const statement = this.#database.prepare(sql);
    const made: SqliteStatement = {
      reader: statement.columns().length > 0,
      all: (parameters) => statement.all(...parameters.map(inputValue)),
      run: (parameters) => statement.run(...parameters.map(inputValue)),
      iterate: (parameters) => statement.iterate(...parameters.map(inputValue)),
    };
    if (this.#prepared.size >= MAX_PREPARED) this.#prepared.clear();
    this.#prepared.set(sql, made);
    return made;
  }
}

function inputValue(value: unknown): SQLInputValue {
  if (value === null || typeof value === 'string' || typeof value === 'number') return value;
  throw new TypeError(`SQLite takes text, numbers and null here, not ${typeof value}`);
}
