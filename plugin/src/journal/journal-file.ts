import {
  chmodSync,
  closeSync,
  existsSync,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { faultOf } from "./journal-fault.ts";
import {
  JournalStore,
  MERGED_TABLES,
  type MergedTable,
  type TableReader,
} from "./journal-store.ts";
import { checkOrigin, migrate } from "./schema.ts";
import { Sql } from "./sql.ts";

/** SQLite's companions of a database in WAL mode. */
const SUFFIXES = ["", "-wal", "-shm"] as const;

export interface OpenFileOptions {
  readonly path: string;
  /** How long a statement may wait for somebody else's lock; the event loop stands still meanwhile. */
  readonly busyTimeoutMs: number;
  readonly maxBytes: number;
  readonly durability: Durability;
}

/**
 * What a write survives once its call returned. `process-crash` (synchronous=NORMAL): any end of the process, kill -9 included. `power-cut`
 * (synchronous=FULL): also the end of the machine, at the price of one disk flush per message. Neither ever leaves a torn database.
 */
export type Durability = "process-crash" | "power-cut";

export const PAGE_BYTES = 4_096;
/** The WAL is cut back to this after a checkpoint. */
const MAX_WAL_BYTES = 8 * 1024 * 1024;
/** Above this size the check after an unclean end would hold the gateway's start up; damage then shows where it is touched. */
const MAX_CHECKED_BYTES = 64 * 1024 * 1024;
/** Entry in `meta` that is there while a process has the journal open. */
const UNCLOSED_MARK = "unclosed";

/** The account's journal on disk. */
export class JournalFile {
  readonly store: JournalStore;
  readonly #path: string;
  readonly #inode: bigint;

  private constructor(path: string, store: JournalStore, inode: bigint) {
    this.#path = path;
    this.store = store;
    this.#inode = inode;
  }

  /**
   * Opens or creates the file with its folder, 0600 in 0700, and brings it to the current schema.
   *
   * @throws SQLite and file system errors, NewerSchemaError, ForeignDatabaseError; see `faultOf`
   */
  static open(options: OpenFileOptions): JournalFile {
    const { path } = options;
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    chmodSync(dirname(path), 0o700);
    const inode = touchPrivate(path);
    const database = new DatabaseSync(path, { timeout: options.busyTimeoutMs });
    const sql = new Sql(database);
    try {
      checkOrigin(sql);
      configure(sql, options);
      migrate(sql);
      const store = new JournalStore(sql);
      checkAfterUncleanEnd(store);
      // WAL and shared memory take the mode of the file when SQLite makes them; files of an older run are put right here.
      for (const suffix of SUFFIXES) makePrivate(path + suffix);
      return new JournalFile(path, store, inode);
    } catch (error) {
      sql.close();
      throw error;
    }
  }

  /** False when somebody moved or deleted the file: what is written now would be gone with the process. */
  isInPlace(): boolean {
    const stat = statSync(this.#path, { bigint: true, throwIfNoEntry: false });
    return stat?.ino === this.#inode;
  }

  /**
   * Brings a file that was moved or deleted back to its place, with everything that is in it, and closes it. The path must be opened again.
   *
   * @throws SQLite and file system errors; the file is still open then
   */
  restore(): void {
    const rescued = `${this.#path}.rescue`;
    removeDatabase(rescued);
    touchPrivate(rescued);
    this.store.sql.exec(`VACUUM INTO '${rescued.replaceAll("'", "''")}'`);
    // SQLite removes a WAL by its name when it closes, so nothing new may stand there yet.
    this.store.close();
    removeDatabase(this.#path);
    renameSync(rescued, this.#path);
  }

  durability(): Durability {
    return this.store.sql.number("PRAGMA synchronous") >= SYNCHRONOUS_FULL
      ? "power-cut"
      : "process-crash";
  }

  setBusyTimeout(timeoutMs: number): void {
    this.store.sql.exec(`PRAGMA busy_timeout = ${timeoutMs}`);
  }

  sizeBytes(): number {
    return SUFFIXES.slice(0, 2).reduce(
      (sum, suffix) => sum + (statSync(this.#path + suffix, { throwIfNoEntry: false })?.size ?? 0),
      0,
    );
  }

  /** Closes it as ended in order, so that the next start needs no check. */
  close(): void {
    try {
      this.store.sql.run("DELETE FROM meta WHERE name = ?", UNCLOSED_MARK);
    } finally {
      this.store.close();
    }
  }

  /** Closes it without touching it any more. */
  abandon(): void {
    this.store.close();
  }
}

function configure(sql: Sql, options: OpenFileOptions): void {
  // Must come before the first table; does nothing for a file that exists.
  sql.exec(`PRAGMA page_size = ${PAGE_BYTES}; PRAGMA auto_vacuum = INCREMENTAL`);
  sql.exec("PRAGMA journal_mode = WAL");
  setDurability(sql, options.durability);
  sql.exec(`PRAGMA journal_size_limit = ${MAX_WAL_BYTES}`);
  // A purged body is overwritten and not only unlinked.
  sql.exec("PRAGMA secure_delete = ON; PRAGMA temp_store = MEMORY; PRAGMA trusted_schema = OFF");
  setMaxBytes(sql, options.maxBytes);
}

/** What `PRAGMA synchronous` answers for FULL. */
const SYNCHRONOUS_FULL = 2;

/** Takes effect with the next write. */
export function setDurability(sql: Sql, durability: Durability): void {
  sql.exec(`PRAGMA synchronous = ${durability === "power-cut" ? "FULL" : "NORMAL"}`);
}

/** Beyond this SQLite says "full". Never below what the file has already. */
export function setMaxBytes(sql: Sql, maxBytes: number): void {
  sql.exec(`PRAGMA max_page_count = ${Math.max(16, Math.floor(maxBytes / PAGE_BYTES))}`);
}

function checkAfterUncleanEnd(store: JournalStore): void {
  const unclosed = store.readMeta(UNCLOSED_MARK) !== null;
  const sizeBytes = store.sql.number("PRAGMA page_count") * PAGE_BYTES;
  if (unclosed && sizeBytes <= MAX_CHECKED_BYTES) {
    const verdict = store.sql.get<{ quick_check: string }>("PRAGMA quick_check(1)")?.quick_check;
    if (verdict !== "ok") throw new CorruptJournalError();
  }
  store.writeMeta(UNCLOSED_MARK, "1");
}

/** The check found damage that no statement has stumbled over yet; carries SQLite's own code for it. */
class CorruptJournalError extends Error {
  readonly errcode = 11;
  constructor() {
    super("the journal failed its integrity check");
    this.name = "CorruptJournalError";
  }
}

/** Creates the file if needed, so that SQLite never creates it with the process' default mode; returns its inode. */
function touchPrivate(path: string): bigint {
  const descriptor = openSync(path, "a", 0o600);
  try {
    return fstatSync(descriptor, { bigint: true }).ino;
  } finally {
    closeSync(descriptor);
  }
}

function makePrivate(path: string): void {
  if (existsSync(path)) chmodSync(path, 0o600);
}

/** Files set aside per account; the oldest goes when there are more. */
export const MAX_QUARANTINED = 5;

/**
 * Sets a journal aside as `journal.sqlite.quarantined-<n>`, with its WAL, so that nothing of it is lost. Returns the new path.
 *
 * @throws file system errors
 */
export function quarantine(path: string): string {
  const numbers = quarantined(path);
  const target = `${path}.quarantined-${(numbers.at(-1)?.number ?? 0) + 1}`;
  // The database last: as long as it is in place, its WAL may still be needed there.
  for (const suffix of SUFFIXES.toReversed()) {
    if (existsSync(path + suffix)) renameSync(path + suffix, target + suffix);
  }
  const surplus = numbers.length + 1 - MAX_QUARANTINED;
  for (const old of numbers.slice(0, Math.max(0, surplus))) removeDatabase(old.path);
  return target;
}

/** What was set aside, oldest first. */
export function quarantined(
  path: string,
): { path: string; number: number; modifiedAtMs: number }[] {
  const folder = dirname(path);
  if (!existsSync(folder)) return [];
  const prefix = `${basename(path)}.quarantined-`;
  return readdirSync(folder)
    .filter((name) => name.startsWith(prefix) && /^\d+$/.test(name.slice(prefix.length)))
    .map((name) => ({
      path: join(folder, name),
      number: Number(name.slice(prefix.length)),
      modifiedAtMs: statSync(join(folder, name)).mtimeMs,
    }))
    .toSorted((a, b) => a.number - b.number);
}

export function removeDatabase(path: string): void {
  for (const suffix of SUFFIXES) rmSync(path + suffix, { force: true });
}

/** What a damaged file still gives is bounded per table, or reading it would hold the gateway up. */
const MAX_SALVAGED_ROWS = 50_000;

/**
 * Reads what can still be read of a damaged journal: each table from its beginning to the damage and from its end back to it. Empty when not even
 * the first page is readable; the file itself is kept either way.
 */
export function salvage(path: string): TableReader {
  const tables = new Map<MergedTable, readonly object[]>();
  let sql: Sql | null = null;
  try {
    sql = new Sql(new DatabaseSync(path, { readOnly: true, timeout: SALVAGE_TIMEOUT_MS }));
    for (const table of Object.keys(MERGED_TABLES) as MergedTable[]) {
      tables.set(table, readableRows(sql, MERGED_TABLES[table]));
    }
  } catch (error) {
    faultOf(error);
  } finally {
    sql?.close();
  }
  return {
    rows: <T extends object>(table: MergedTable) => (tables.get(table) ?? []) as readonly T[],
  };
}
const SALVAGE_TIMEOUT_MS = 100;

function readableRows(sql: Sql, select: string): readonly object[] {
  const rows: object[] = [];
  const seen = new Set<number>();
  for (const order of ["ASC", "DESC"]) {
    try {
      const query = `${select} ORDER BY position ${order} LIMIT ${MAX_SALVAGED_ROWS}`;
      for (const row of sql.iterate<{ position: number }>(query)) {
        if (seen.has(row.position)) break;
        seen.add(row.position);
        rows.push(row);
      }
    } catch (error) {
      // The damage begins here; what lies behind it is read from the other end.
      faultOf(error);
    }
  }
  return rows;
}
