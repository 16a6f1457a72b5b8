import type { Jid } from "../runtime/ports.ts";
import { plainAddress } from "./addresses.ts";
import type { DecryptedStanza } from "./operations.ts";
import type { Sql } from "./sql.ts";

/** A decrypted stanza whose message may not have been handed over yet. */
export interface BufferedPlaintext {
  /** Hash of the ciphertext: the only thing a redelivered stanza still shares with what was decrypted before. */
  readonly ciphertextHash: string;
  readonly stanzaId: string;
  readonly chat: Jid;
  readonly sender: Jid;
  /** What is needed to hand the message over without its stanza, as JSON; opaque here. */
  readonly stanza: string;
  readonly plaintext: Uint8Array;
  readonly storedAtMs: number;
  readonly upserted: boolean;
}

export interface BufferRow {
  readonly ciphertext_hash: string;
  readonly stanza_id: string;
  readonly chat: string;
  readonly sender: string;
  readonly stanza: string;
  readonly plaintext: Uint8Array;
  readonly stored_at_ms: number;
  readonly upserted_at_ms: number | null;
}

/** A plaintext that was handed over and is no longer kept. */
export interface DecryptedRow {
  readonly ciphertext_hash: string;
  readonly stored_at_ms: number;
}

/**
 * Plaintexts between decryption and hand-over. Decrypting moves the ratchet on, so a stanza can be decrypted once only: when the process dies
 * between that and the hand-over, the redelivered stanza is unreadable and this table has the only copy.
 */
export class DecryptBuffer {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /** Must be committed before the ratchet is written. Storing the same ciphertext again changes nothing. */
  store(entry: DecryptedStanza, nowMs: number): void {
    this.merge({
      ciphertext_hash: entry.ciphertextHash,
      stanza_id: entry.stanzaId,
      chat: plainAddress(entry.chat),
      sender: plainAddress(entry.sender),
      stanza: entry.stanza,
      plaintext: entry.plaintext,
      stored_at_ms: nowMs,
      upserted_at_ms: null,
    });
  }

  /** The plaintext of a stanza that was decrypted before; `handed-over` once it is no longer kept, null when it never was decrypted. */
  find(ciphertextHash: string): BufferedPlaintext | "handed-over" | null {
    const row = this.#sql.get<BufferRow>(
      "SELECT * FROM decrypt_buffer WHERE ciphertext_hash = ?",
      ciphertextHash,
    );
    if (row !== undefined) return toEntry(row);
    const done = this.#sql.get("SELECT 1 FROM decrypted WHERE ciphertext_hash = ?", ciphertextHash);
    return done === undefined ? null : "handed-over";
  }

  /** The message of this stanza is in the journal. A group stanza has two ciphertexts, both are done then. */
  markUpserted(stanzaId: string, nowMs: number): void {
    this.#sql.run(
      "UPDATE decrypt_buffer SET upserted_at_ms = ? WHERE stanza_id = ? AND upserted_at_ms IS NULL",
      nowMs,
      stanzaId,
    );
  }

  /** Decrypted but never handed over, oldest first: to be injected again at start. */
  pending(limit: number): BufferedPlaintext[] {
    return this.#sql
      .all<BufferRow>(
        "SELECT * FROM decrypt_buffer WHERE upserted_at_ms IS NULL ORDER BY stored_at_ms, rowid LIMIT ?",
        limit,
      )
      .map(toEntry);
  }

  remember(row: DecryptedRow): void {
    this.#sql.run(
      "INSERT OR IGNORE INTO decrypted (ciphertext_hash, stored_at_ms) VALUES (?, ?)",
      row.ciphertext_hash,
      row.stored_at_ms,
    );
  }

  merge(row: BufferRow): void {
    this.#sql.run(
      `INSERT INTO decrypt_buffer (ciphertext_hash, stanza_id, chat, sender, stanza, plaintext, stored_at_ms, upserted_at_ms)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (ciphertext_hash) DO UPDATE SET
       upserted_at_ms = coalesce(decrypt_buffer.upserted_at_ms, excluded.upserted_at_ms)`,
      row.ciphertext_hash,
      row.stanza_id,
      row.chat,
      row.sender,
      row.stanza,
      row.plaintext,
      row.stored_at_ms,
      row.upserted_at_ms,
    );
  }
}

function toEntry(row: BufferRow): BufferedPlaintext {
  return {
    ciphertextHash: row.ciphertext_hash,
    stanzaId: row.stanza_id,
    chat: row.chat,
    sender: row.sender,
    stanza: row.stanza,
    plaintext: row.plaintext,
    storedAtMs: row.stored_at_ms,
    upserted: row.upserted_at_ms !== null,
  };
}
