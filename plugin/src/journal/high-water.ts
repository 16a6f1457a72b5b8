import type { IncomingMessage, Jid } from "../runtime/ports.ts";
import { type Addresses, plainAddress } from "./addresses.ts";
import type { Sql } from "./sql.ts";

/** The newest message of a conversation that is safely in the journal: where a gap after an outage begins. */
export interface HighWaterMark {
  readonly conversation: Jid;
  readonly messageId: string;
  /** Server time of the message; the time of receipt where the message had none or one in the future. */
  readonly sentAtMs: number;
  readonly receivedAtMs: number;
}

export interface HighWaterRow {
  readonly conversation: string;
  readonly message_id: string;
  readonly sent_at_ms: number;
  readonly received_at_ms: number;
}

/** One mark per conversation; PN and LID of one person are one conversation. */
export class HighWater {
  readonly #sql: Sql;
  readonly #addresses: Addresses;

  constructor(sql: Sql, addresses: Addresses) {
    this.#sql = sql;
    this.#addresses = addresses;
  }

  raise(message: IncomingMessage, nowMs: number): void {
    // A clock of the future would keep every later message below the mark.
    const sentAtMs = Math.min(message.sentAtMs ?? nowMs, nowMs);
    this.merge({
      conversation: this.#addresses.canonical(plainAddress(message.chat)),
      message_id: message.messageId,
      sent_at_ms: sentAtMs,
      received_at_ms: nowMs,
    });
  }

  of(chat: Jid): HighWaterMark | null {
    const row = this.#sql.get<HighWaterRow>(
      "SELECT * FROM high_water WHERE conversation = ?",
      this.#addresses.canonical(plainAddress(chat)),
    );
    return row === undefined ? null : toMark(row);
  }

  /** Conversations by how recently they were used, for filling a gap. */
  recent(limit: number): HighWaterMark[] {
    return this.#sql
      .all<HighWaterRow>("SELECT * FROM high_water ORDER BY sent_at_ms DESC LIMIT ?", limit)
      .map(toMark);
  }

  /** A number's LID became known: both marks were of one conversation. */
  join(pn: Jid, lid: Jid): void {
    const row = this.#sql.get<HighWaterRow>("SELECT * FROM high_water WHERE conversation = ?", pn);
    if (row === undefined) return;
    this.merge({ ...row, conversation: lid });
    this.#sql.run("DELETE FROM high_water WHERE conversation = ?", pn);
  }

  merge(row: HighWaterRow): void {
    this.#sql.run(
      `INSERT INTO high_water (conversation, message_id, sent_at_ms, received_at_ms) VALUES (?, ?, ?, ?)
       ON CONFLICT (conversation) DO UPDATE SET message_id = excluded.message_id, sent_at_ms = excluded.sent_at_ms,
       received_at_ms = excluded.received_at_ms WHERE excluded.sent_at_ms > high_water.sent_at_ms`,
      row.conversation,
      row.message_id,
      row.sent_at_ms,
      row.received_at_ms,
    );
  }
}

function toMark(row: HighWaterRow): HighWaterMark {
  return {
    conversation: row.conversation,
    messageId: row.message_id,
    sentAtMs: row.sent_at_ms,
    receivedAtMs: row.received_at_ms,
  };
}
