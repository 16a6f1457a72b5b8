import { SETTLED_BY_JOURNAL } from "./inbound.ts";
import { PAGE_BYTES } from "./journal-file.ts";
import type { JournalStore } from "./journal-store.ts";

/** The settings `journal.retentionDays` and `journal.maxMegabytes`. */
export interface JournalSettings {
  readonly retentionDays: number;
  readonly maxMegabytes: number;
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
  let changed = 0;
  changed += sql.run(
    `UPDATE inbound SET state = 'settled', reason = ?, state_at_ms = ? WHERE id IN
     (SELECT id FROM inbound WHERE state <> 'settled' AND received_at_ms < ? LIMIT ${ROWS_PER_STEP})`,
    SETTLED_BY_JOURNAL.expired,
    nowMs,
    textBefore,
  );
  changed += sql.run(
    `UPDATE inbound SET body = NULL WHERE id IN
     (SELECT id FROM inbound WHERE state = 'settled' AND body IS NOT NULL AND state_at_ms < ? LIMIT ${ROWS_PER_STEP})`,
    textBefore,
  );
  changed += sql.run(
    `DELETE FROM inbound WHERE id IN
     (SELECT id FROM inbound WHERE state = 'settled' AND body IS NULL AND received_at_ms < ? LIMIT ${ROWS_PER_STEP})`,
    idBefore,
  );
  changed += sql.run(
    `UPDATE outbound SET state = 'failed', last_error = 'never sent within the journal''s retention', state_at_ms = ? WHERE send_id IN
     (SELECT send_id FROM outbound WHERE state IN ('queued', 'written') AND created_at_ms < ? LIMIT ${ROWS_PER_STEP})`,
    nowMs,
    textBefore,
  );
  changed += sql.run(
    `DELETE FROM outbound WHERE send_id IN
     (SELECT send_id FROM outbound WHERE state IN ('acked', 'delivered', 'failed') AND created_at_ms < ? AND state_at_ms < ? LIMIT ${ROWS_PER_STEP})`,
    textBefore,
    textBefore,
  );
  changed += sql.run(
    `UPDATE decrypt_buffer SET plaintext = NULL, stanza = '' WHERE rowid IN
     (SELECT rowid FROM decrypt_buffer WHERE plaintext IS NOT NULL AND upserted_at_ms < ? LIMIT ${ROWS_PER_STEP})`,
    nowMs - PLAINTEXT_MEMORY_MS,
  );
  changed += sql.run(
    `DELETE FROM decrypt_buffer WHERE rowid IN (SELECT rowid FROM decrypt_buffer WHERE stored_at_ms < ? LIMIT ${ROWS_PER_STEP})`,
    idBefore,
  );
  changed += sql.run(
    `DELETE FROM address WHERE rowid IN (SELECT rowid FROM address WHERE seen_at_ms < ? LIMIT ${ROWS_PER_STEP})`,
    nowMs - 2 * Math.max(retention.retentionMs, MIN_ID_MEMORY_MS),
  );
  changed += sql.run(
    `DELETE FROM high_water WHERE rowid IN (SELECT rowid FROM high_water WHERE received_at_ms < ? LIMIT ${ROWS_PER_STEP})`,
    nowMs - 2 * Math.max(retention.retentionMs, MIN_ID_MEMORY_MS),
  );
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
  const texts = sql.run(
    `UPDATE inbound SET body = NULL WHERE id IN
     (SELECT id FROM inbound WHERE state = 'settled' AND body IS NOT NULL ORDER BY state_at_ms LIMIT ${ROWS_PER_STEP})`,
  );
  const plaintexts = sql.run(
    `UPDATE decrypt_buffer SET plaintext = NULL, stanza = '' WHERE rowid IN
     (SELECT rowid FROM decrypt_buffer WHERE plaintext IS NOT NULL AND upserted_at_ms IS NOT NULL ORDER BY stored_at_ms LIMIT ${ROWS_PER_STEP})`,
  );
  if (texts + plaintexts > 0) return texts + plaintexts;
  const ids = sql.run(
    `DELETE FROM inbound WHERE id IN
     (SELECT id FROM inbound WHERE state = 'settled' AND body IS NULL ORDER BY received_at_ms LIMIT ${ROWS_PER_STEP})`,
  );
  const sends = sql.run(
    `DELETE FROM outbound WHERE send_id IN
     (SELECT send_id FROM outbound WHERE state IN ('acked', 'delivered', 'failed') ORDER BY created_at_ms LIMIT ${ROWS_PER_STEP})`,
  );
  return ids + sends;
}
const SHRINKING = "shrinking";

/** Bytes in use, without the pages that are free to be written again. */
export function usedBytes({ sql }: JournalStore): number {
  return (sql.number("PRAGMA page_count") - sql.number("PRAGMA freelist_count")) * PAGE_BYTES;
}
