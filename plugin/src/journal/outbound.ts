import type { Jid, OutboundCustody, OutgoingContent } from "../runtime/ports.ts";
import { plainAddress } from "./addresses.ts";
import type { Sql } from "./sql.ts";

export interface OutboundRow {
  readonly send_id: string;
  readonly message_id: string;
  readonly chat: string;
  readonly content: string;
  readonly state: OutboundCustody["state"];
  readonly attempts: number;
  readonly last_error: string | null;
  readonly created_at_ms: number;
  readonly state_at_ms: number;
}

export type CustodyState = OutboundCustody["state"];

/**
 * How far each state is. The server's or a device's confirmation is proof and is never taken back, not even by a failure that is reported later; a
 * failed send may be tried again.
 */
const RANK = { queued: 0, failed: 1, written: 1, acked: 2, delivered: 3 } as const satisfies Record<
  CustodyState,
  number
>;
const PROVEN = RANK.acked;

/** Sorts behind every other character, so it ends the range of a prefix. */
const LAST_CHARACTER = "\u{10ffff}";

/** Sends in our custody: from the moment the plugin accepts one until the server has it. */
export class Outbound {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /** Takes custody once; a second call gives what is there, with the first message id. */
  take(
    entry: { sendId: string; messageId: string; chat: Jid; content: OutgoingContent },
    nowMs: number,
  ): OutboundCustody {
    this.#sql.run(
      `INSERT INTO outbound (send_id, message_id, chat, content, state, attempts, last_error, created_at_ms, state_at_ms)
       VALUES (?, ?, ?, ?, 'queued', 0, NULL, ?, ?) ON CONFLICT (send_id) DO NOTHING`,
      entry.sendId,
      entry.messageId,
      plainAddress(entry.chat),
      JSON.stringify(entry.content),
      nowMs,
      nowMs,
    );
    return this.find(entry.sendId) ?? newCustody(entry);
  }

  /** Records how a send goes on; false when it is unknown or already proven to be further. */
  update(sendId: string, state: CustodyState, error: string | null, nowMs: number): boolean {
    const row = this.rowOf(sendId);
    if (row === undefined) return false;
    if (RANK[row.state] >= PROVEN && RANK[state] <= RANK[row.state]) return false;
    // An attempt either wrote something or failed before it could.
    const isAttempt =
      state === "written" || (error !== null && row.state === "queued" && state === "queued");
    this.#sql.run(
      "UPDATE outbound SET state = ?, attempts = attempts + ?, last_error = ?, state_at_ms = ? WHERE send_id = ?",
      state,
      isAttempt ? 1 : 0,
      error ?? (state === "failed" || state === "queued" ? row.last_error : null),
      nowMs,
      sendId,
    );
    return true;
  }

  find(sendId: string): OutboundCustody | null {
    const row = this.rowOf(sendId);
    return toCustody(row);
  }

  findByMessageId(messageId: string): OutboundCustody | null {
    const row = this.#sql.get<OutboundRow>(
      "SELECT * FROM outbound WHERE message_id = ? ORDER BY created_at_ms LIMIT 1",
      messageId,
    );
    return toCustody(row);
  }

  /** All sends whose id begins with `prefix`, oldest first. */
  withPrefix(prefix: string, limit: number): OutboundCustody[] {
    return this.#sql
      .all<OutboundRow>(
        "SELECT * FROM outbound WHERE send_id >= ? AND send_id < ? ORDER BY created_at_ms, send_id LIMIT ?",
        prefix,
        `${prefix}${LAST_CHARACTER}`,
        limit,
      )
      .flatMap((row) => toCustody(row) ?? []);
  }

  /** Sends that the server does not have yet and nobody gave up, oldest first. */
  open(limit: number): OutboundCustody[] {
    return this.#sql
      .all<OutboundRow>(
        "SELECT * FROM outbound WHERE state IN ('queued', 'written') ORDER BY created_at_ms, send_id LIMIT ?",
        limit,
      )
      .flatMap((row) => toCustody(row) ?? []);
  }

  merge(row: OutboundRow): void {
    const here = this.rowOf(row.send_id);
    if (here !== undefined && RANK[here.state] >= PROVEN && RANK[row.state] < RANK[here.state])
      return;
    if (here !== undefined && here.state_at_ms > row.state_at_ms) return;
    this.#sql.run(
      "INSERT OR REPLACE INTO outbound (send_id, message_id, chat, content, state, attempts, last_error, created_at_ms, state_at_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
      row.send_id,
      row.message_id,
      row.chat,
      row.content,
      row.state,
      row.attempts,
      row.last_error,
      row.created_at_ms,
      row.state_at_ms,
    );
  }

  rowOf(sendId: string): OutboundRow | undefined {
    return this.#sql.get<OutboundRow>("SELECT * FROM outbound WHERE send_id = ?", sendId);
  }
}

/** An entry that could not be stored: the send still happens, but only this process knows of it. */
export function newCustody(entry: {
  sendId: string;
  messageId: string;
  chat: Jid;
  content: OutgoingContent;
}): OutboundCustody {
  return { ...entry, state: "queued", attempts: 0, lastError: null };
}

function toCustody(row: OutboundRow | undefined): OutboundCustody | null {
  const content = row === undefined ? null : readContent(row.content);
  if (row === undefined || content === null) return null;
  return {
    sendId: row.send_id,
    messageId: row.message_id,
    chat: row.chat,
    content,
    state: row.state,
    attempts: row.attempts,
    lastError: row.last_error,
  };
}

function readContent(content: string): OutgoingContent | null {
  try {
    return JSON.parse(content) as OutgoingContent;
  } catch {
    // SQLite does not checksum pages: nobody can send what cannot be read any more.
    return null;
  }
}
