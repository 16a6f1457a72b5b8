import { SETTLED_BY_JOURNAL } from "./inbound.ts";
import { type Durability, PAGE_BYTES } from "./journal-file.ts";
import type { JournalStore } from "./journal-store.ts";
import type { Sql } from "./sql.ts";

/** The settings below `journal`. */
export interface JournalSettings {
  readonly retentionDays: number;
  readonly maxMegabytes: number;
  /** @defaultValue `"process-crash"` */
  readonly survives?: Durability;
}

/** How long and how much is kept. */
export interface Retention {
  /** How long the text of a message or send stays after it was settled. */
  readonly retentionMs: number;
  /** Size of the database at which settled entries go early. */
  readonly maxBytes: number;
}

const DAY_MS = 86_400_000;
export function retentionOf({ retentionDays, maxMegabytes }: JournalSettings): Retention {
  return { retentionMs: retentionDays * DAY_MS, maxBytes: maxMegabytes * 1024 * 1024 };
}

/** The server redelivers for 14 days (assumption taken from whatsmeow), so ids are remembered for longer than that. */
const MIN_ID_MEMORY_MS = 21 * DAY_MS;
/** A handed over plaintext is in `inbound` too; a redelivery within this time is answered without a request to the phone. */
const PLAINTEXT_MEMORY_MS = DAY_MS;
const MAX_OUTAGES = 500;
/** Rows per table and step: a step stays within a few milliseconds of the event loop. */
const ROWS_PER_STEP = 500;
const PAGES_PER_STEP = 256;
/** Cleaning up begins and ends below the limit, so that there is room to write meanwhile. */
const HIGH_FILL = 0.85;
const LOW_FILL = 0.7;

/**
 * One bounded step of cleaning up. Returns how many rows changed: while there are any, another step is due. Nothing unsettled is ever removed
 * for size; what nobody settled within the retention is settled with that reason first.
 */
export function purgeStep(store: JournalStore, retention: Retention, nowMs: number): number {
  const changed = store.sql.transaction(
    () => purgeByAge(store, retention, nowMs) + purgeBySize(store, retention),
  );
  if (changed > 0) {
    store.sql.exec(`PRAGMA incremental_vacuum(${PAGES_PER_STEP})`);
  }
  return changed;
}

/** Also removes purged texts from the write-ahead log. A reader elsewhere may keep some of it until the next time. */
export function truncateWal(store: JournalStore): void {
  store.sql.get("PRAGMA wal_checkpoint(TRUNCATE)");
}

function purgeByAge({ sql }: JournalStore, retention: Retention, nowMs: number): number {
  const textBefore = nowMs - retention.retentionMs;
  const idBefore = nowMs - Math.max(retention.retentionMs, MIN_ID_MEMORY_MS);
  const pairBefore = nowMs - 2 * Math.max(retention.retentionMs, MIN_ID_MEMORY_MS);
  let changed = sql.run(
    `UPDATE inbound SET state = 'settled', reason = ?, state_at_ms = ? WHERE id IN
     (SELECT id FROM inbound WHERE state <> 'settled' AND received_at_ms < ? LIMIT ${ROWS_PER_STEP})`,
    SETTLED_BY_JOURNAL.expired,
    nowMs,
    textBefore,
  );
  changed += sql.run(
    `UPDATE outbound SET state = 'failed', last_error = 'never sent within the journal''s retention', state_at_ms = ? WHERE send_id IN
     (SELECT send_id FROM outbound WHERE state IN ('queued', 'written') AND created_at_ms < ? LIMIT ${ROWS_PER_STEP})`,
    nowMs,
    textBefore,
  );
  changed += purgeTexts(sql, "AND state_at_ms < ?", textBefore);
  changed += purgeIds(sql, "AND received_at_ms < ?", idBefore);
  changed += purgeSends(sql, "AND state_at_ms < ?", textBefore);
  changed += purgePlaintexts(sql, "AND upserted_at_ms < ?", nowMs - PLAINTEXT_MEMORY_MS);
  for (const [table, column, before] of [
    ["decrypt_buffer", "stored_at_ms", idBefore],
    ["decrypted", "stored_at_ms", idBefore],
    ["address", "seen_at_ms", pairBefore],
    ["high_water", "received_at_ms", pairBefore],
  ] as const) {
    changed += sql.run(
      `DELETE FROM ${table} WHERE rowid IN (SELECT rowid FROM ${table} WHERE ${column} < ? LIMIT ${ROWS_PER_STEP})`,
      before,
    );
  }
  changed += sql.run(
    `DELETE FROM outage WHERE started_at_ms NOT IN (SELECT started_at_ms FROM outage ORDER BY started_at_ms DESC LIMIT ${MAX_OUTAGES})`,
  );
  return changed;
}

/** Oldest settled texts first, then the ids of the oldest settled messages and sends. */
function purgeBySize(store: JournalStore, { maxBytes }: Retention): number {
  const { sql } = store;
  const used = usedBytes(store);
  const isOver = used > maxBytes * HIGH_FILL;
  if (!isOver && store.readMeta(SHRINKING) === null) return 0;
  if (used <= maxBytes * LOW_FILL) {
    sql.run("DELETE FROM meta WHERE name = ?", SHRINKING);
    return 0;
  }
  if (isOver) store.writeMeta(SHRINKING, "1");
  const texts =
    purgeTexts(sql, "AND state_at_ms >= ?", 0) + purgePlaintexts(sql, "AND upserted_at_ms >= ?", 0);
  if (texts > 0) return texts;
  return purgeIds(sql, "AND received_at_ms >= ?", 0) + purgeSends(sql, "AND created_at_ms >= ?", 0);
}

/** Texts of settled messages, oldest first; the ids stay. */
function purgeTexts(sql: Sql, condition: string, timeMs: number): number {
  const select = `SELECT id FROM inbound WHERE state = 'settled' AND has_body = 1 ${condition} ORDER BY state_at_ms LIMIT ${ROWS_PER_STEP}`;
  sql.run(`DELETE FROM inbound_body WHERE id IN (${select})`, timeMs);
  return sql.run(`UPDATE inbound SET has_body = 0 WHERE id IN (${select})`, timeMs);
}

function purgeIds(sql: Sql, condition: string, timeMs: number): number {
  return sql.run(
    `DELETE FROM inbound WHERE id IN
     (SELECT id FROM inbound WHERE state = 'settled' AND has_body = 0 ${condition} ORDER BY received_at_ms LIMIT ${ROWS_PER_STEP})`,
    timeMs,
  );
}

function purgeSends(sql: Sql, condition: string, timeMs: number): number {
  return sql.run(
    `DELETE FROM outbound WHERE send_id IN
     (SELECT send_id FROM outbound WHERE state IN ('acked', 'delivered', 'failed') ${condition} ORDER BY created_at_ms LIMIT ${ROWS_PER_STEP})`,
    timeMs,
  );
}

/** Plaintexts that were handed over; their hashes stay. */
function purgePlaintexts(sql: Sql, condition: string, timeMs: number): number {
  const select = `SELECT ciphertext_hash FROM decrypt_buffer WHERE upserted_at_ms IS NOT NULL ${condition} ORDER BY upserted_at_ms LIMIT ${ROWS_PER_STEP}`;
  sql.run(
    `INSERT OR IGNORE INTO decrypted (ciphertext_hash, stored_at_ms)
     SELECT ciphertext_hash, stored_at_ms FROM decrypt_buffer WHERE ciphertext_hash IN (${select})`,
    timeMs,
  );
  return sql.run(`DELETE FROM decrypt_buffer WHERE ciphertext_hash IN (${select})`, timeMs);
}

const SHRINKING = "shrinking";

/** Bytes in use, without the pages that are free to be written again. */
export function usedBytes({ sql }: JournalStore): number {
  return (sql.number("PRAGMA page_count") - sql.number("PRAGMA freelist_count")) * PAGE_BYTES;
}
