import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";

/** One row as SQLite gives it; the caller names the columns it selected. */
type Row = object;

/**
 * A thin layer over one `node:sqlite` connection: statements are prepared once and rows get the type of the query's author. The number of
 * statements is bounded by the code, because no SQL is built from data.
 */
export class Sql {
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  #depth = 0;

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  /** Runs statements without parameters and without a result. */
  exec(sql: string): void {
    this.#database.exec(sql);
  }

  /** Runs one statement; returns how many rows it changed. */
  run(sql: string, ...values: SQLInputValue[]): number {
    return Number(this.#prepared(sql).run(...values).changes);
  }

  /** The first row, or undefined. */
  get<T extends Row>(sql: string, ...values: SQLInputValue[]): T | undefined {
    return this.#prepared(sql).get(...values) as T | undefined;
  }

  all<T extends Row>(sql: string, ...values: SQLInputValue[]): T[] {
    return this.#prepared(sql).all(...values) as T[];
  }

  /** Rows one at a time, for tables that may be damaged somewhere in the middle. */
  iterate<T extends Row>(sql: string, ...values: SQLInputValue[]): Iterable<T> {
    // Not from the cache: an iterator holds its statement until it is exhausted.
    return this.#database.prepare(sql).iterate(...values) as Iterable<T>;
  }

  /** A single number, e.g. of a PRAGMA or a COUNT. */
  number(sql: string, ...values: SQLInputValue[]): number {
    const row = this.get<Record<string, unknown>>(sql, ...values);
    const value = row === undefined ? undefined : Object.values(row)[0];
    return typeof value === "number" ? value : 0;
  }

  /**
   * All of `work` or nothing of it. Takes the write lock at once, so that no read inside can become stale before the write. Nested calls join
   * the outer transaction.
   */
  transaction<T>(work: () => T): T {
    if (this.#depth > 0) return work();
    this.#database.exec("BEGIN IMMEDIATE");
    this.#depth += 1;
    try {
      const result = work();
      this.#database.exec("COMMIT");
      return result;
    } catch (error) {
      // SQLite rolls back by itself on some errors; a second ROLLBACK would hide the first error.
      if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
      throw error;
    } finally {
      this.#depth -= 1;
    }
  }

  close(): void {
    this.#statements.clear();
    if (this.#database.isOpen) this.#database.close();
  }

  #prepared(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#database.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }
}
