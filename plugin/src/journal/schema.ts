import type { Sql } from "./sql.ts";

/** Marks the file as ours ("WCJ1"), so that somebody else's database is never written to. */
export const APPLICATION_ID = 0x57434a31;

/**
 * One step per version; `user_version` counts the steps that ran. A step that shipped is never edited: a change is a new step.
 *
 * Addresses in `inbound` stand as they were on the wire (without device); which of them are the same person is looked up in `address` when
 * they are compared, so a pair that becomes known later needs no rewriting.
 */
export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;

  CREATE TABLE inbound (
    id INTEGER PRIMARY KEY,
    message_id TEXT NOT NULL,
    chat TEXT NOT NULL,
    sender TEXT NOT NULL,
    from_me INTEGER NOT NULL,
    chat_kind TEXT NOT NULL,
    via TEXT NOT NULL,
    sent_at_ms INTEGER,
    received_at_ms INTEGER NOT NULL,
    state TEXT NOT NULL,
    reason TEXT NOT NULL,
    state_at_ms INTEGER NOT NULL,
    copies INTEGER NOT NULL,
    has_body INTEGER NOT NULL
  ) STRICT;
  -- Apart, because a row that only shrinks gives no page back: a purged text must make room.
  CREATE TABLE inbound_body (id INTEGER PRIMARY KEY, body TEXT NOT NULL) STRICT;
  CREATE VIEW message AS SELECT inbound.*, inbound_body.body FROM inbound LEFT JOIN inbound_body USING (id);
  CREATE INDEX inbound_by_message ON inbound (message_id);
  CREATE INDEX inbound_by_chat ON inbound (chat, received_at_ms);
  CREATE INDEX inbound_open ON inbound (received_at_ms) WHERE state <> 'settled';
  CREATE INDEX inbound_bodies ON inbound (state_at_ms) WHERE state = 'settled' AND has_body = 1;
  CREATE INDEX inbound_ids ON inbound (received_at_ms) WHERE state = 'settled' AND has_body = 0;

  CREATE TABLE outbound (
    send_id TEXT PRIMARY KEY,
    message_id TEXT NOT NULL,
    chat TEXT NOT NULL,
    content TEXT NOT NULL,
    state TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    last_error TEXT,
    created_at_ms INTEGER NOT NULL,
    state_at_ms INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX outbound_by_message ON outbound (message_id);
  CREATE INDEX outbound_by_state ON outbound (state, created_at_ms);

  CREATE TABLE address (pn TEXT PRIMARY KEY, lid TEXT NOT NULL, seen_at_ms INTEGER NOT NULL) STRICT;
  CREATE INDEX address_by_lid ON address (lid);

  CREATE TABLE decrypt_buffer (
    ciphertext_hash TEXT PRIMARY KEY,
    stanza_id TEXT NOT NULL,
    chat TEXT NOT NULL,
    sender TEXT NOT NULL,
    stanza TEXT NOT NULL,
    plaintext BLOB NOT NULL,
    stored_at_ms INTEGER NOT NULL,
    upserted_at_ms INTEGER
  ) STRICT;
  CREATE INDEX decrypt_buffer_by_stanza ON decrypt_buffer (stanza_id);
  CREATE INDEX decrypt_buffer_open ON decrypt_buffer (stored_at_ms) WHERE upserted_at_ms IS NULL;
  CREATE INDEX decrypt_buffer_done ON decrypt_buffer (upserted_at_ms) WHERE upserted_at_ms IS NOT NULL;
  CREATE TABLE decrypted (ciphertext_hash TEXT PRIMARY KEY, stored_at_ms INTEGER NOT NULL) STRICT;
  CREATE INDEX decrypted_by_time ON decrypted (stored_at_ms);

  CREATE TABLE high_water (
    conversation TEXT PRIMARY KEY,
    message_id TEXT NOT NULL,
    sent_at_ms INTEGER NOT NULL,
    received_at_ms INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE outage (
    started_at_ms INTEGER PRIMARY KEY,
    revision INTEGER NOT NULL,
    ended_at_ms INTEGER,
    cause_id TEXT NOT NULL,
    report TEXT NOT NULL
  ) STRICT;
  `,
  `
  -- 0: nothing of it was ever handed to a socket, 1: an attempt is under way, 2: something may have left. Of older rows nobody knows.
  ALTER TABLE outbound ADD COLUMN may_have_left INTEGER NOT NULL DEFAULT 2;
  -- The message as it is written in every attempt, where it holds keys that cannot be made again.
  ALTER TABLE outbound ADD COLUMN prepared BLOB;
  `,
];

/** The file was written by a newer version of the product and is left as it is. */
export class NewerSchemaError extends Error {
  readonly found: number;
  readonly supported: number;
  constructor(found: number, supported: number) {
    super(`the journal has schema version ${found}, this version reads up to ${supported}`);
    this.name = "NewerSchemaError";
    this.found = found;
    this.supported = supported;
  }
}

/** The file is a database, but not one of ours. */
export class ForeignDatabaseError extends Error {
  constructor() {
    super("the file at the journal's place is the database of another program");
    this.name = "ForeignDatabaseError";
  }
}

/**
 * Makes sure that the database is ours and not from the future, without changing anything. Returns its schema version.
 *
 * @throws NewerSchemaError, ForeignDatabaseError
 */
export function checkOrigin(sql: Sql, steps: readonly string[] = MIGRATIONS): number {
  const version = sql.number("PRAGMA user_version");
  const application = sql.number("PRAGMA application_id");
  const isEmpty = sql.number("SELECT COUNT(*) FROM sqlite_schema") === 0;
  if (application !== APPLICATION_ID && !(isEmpty && application === 0)) {
    throw new ForeignDatabaseError();
  }
  if (version > steps.length) throw new NewerSchemaError(version, steps.length);
  return version;
}

/**
 * Brings a database to the newest schema, all steps or none.
 *
 * @throws NewerSchemaError, ForeignDatabaseError; nothing was changed then
 */
export function migrate(sql: Sql, steps: readonly string[] = MIGRATIONS): void {
  if (checkOrigin(sql, steps) === steps.length) return;
  sql.transaction(() => {
    // Read again behind the lock: a plugin that is being reloaded may have migrated in the meantime.
    const current = sql.number("PRAGMA user_version");
    for (const step of steps.slice(current)) sql.exec(step);
    sql.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${steps.length}`);
  });
}
