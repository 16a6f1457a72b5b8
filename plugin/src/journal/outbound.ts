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
  /** Absent in what was salvaged from a journal of an older schema. */
  readonly may_have_left?: number;
  readonly prepared?: Uint8Array | null;
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

/** Of `may_have_left`. */
const UNKNOWN = 2;
const MAX_DISOWNED = 5_000;
const NOTHING = JSON.stringify({
  operation: "text",
  text: "",
  quotedRaw: null,
  mentions: [],
} satisfies OutgoingContent);

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
      `INSERT INTO outbound (send_id, message_id, chat, content, state, attempts, last_error, created_at_ms, state_at_ms, may_have_left)
       VALUES (?, ?, ?, ?, 'queued', 0, NULL, ?, ?, 0) ON CONFLICT (send_id) DO NOTHING`,
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
      "UPDATE outbound SET state = ?, may_have_left = MAX(may_have_left, ?), attempts = attempts + ?, last_error = ?, state_at_ms = ? WHERE send_id = ?",
      state,
      state === "written" || RANK[state] >= PROVEN ? 2 : 0,
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
        "SELECT * FROM outbound WHERE state IN ('queued', 'written') ORDER BY created_at_ms, rowid LIMIT ?",
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
      `INSERT OR REPLACE INTO outbound (send_id, message_id, chat, content, state, attempts, last_error, created_at_ms, state_at_ms, may_have_left, prepared)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      row.send_id,
      row.message_id,
      row.chat,
      row.content,
      row.state,
      row.attempts,
      row.last_error,
      row.created_at_ms,
      row.state_at_ms,
      row.may_have_left ?? UNKNOWN,
      row.prepared ?? null,
    );
  }

  /** An attempt begins. One whose end nobody noted may have left something. */
  beginAttempt(sendId: string): boolean {
    return this.#change(
      "UPDATE outbound SET may_have_left = CASE may_have_left WHEN 0 THEN 1 ELSE 2 END WHERE send_id = ?",
      sendId,
    );
  }

  nothingLeft(sendId: string): boolean {
    return this.#change(
      "UPDATE outbound SET may_have_left = CASE may_have_left WHEN 1 THEN 0 ELSE may_have_left END WHERE send_id = ?",
      sendId,
    );
  }

  keepPrepared(sendId: string, message: Uint8Array): boolean {
    return this.#change("UPDATE outbound SET prepared = ? WHERE send_id = ?", message, sendId);
  }

  /**
   * What an account of another number left open, as it is remembered by the journal of the number after it: ids without text or address, so
   * that whoever asks for one of them again hears that it must not leave.
   */
  disown(cause: string, nowMs: number): readonly OutboundRow[] {
    return this.#sql
      .all<OutboundRow>(
        "SELECT * FROM outbound WHERE state IN ('queued', 'written') OR last_error = ? ORDER BY created_at_ms DESC LIMIT ?",
        cause,
        MAX_DISOWNED,
      )
      .map((row) => ({
        ...row,
        chat: "",
        content: NOTHING,
        state: "failed",
        last_error: cause,
        state_at_ms: nowMs,
        prepared: null,
      }));
  }

  #change(statement: string, ...values: (string | Uint8Array)[]): boolean {
    return this.#sql.run(statement, ...values) > 0;
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
  const untouched = { state: "queued", attempts: 0, lastError: null, left: false } as const;
  return { ...entry, ...untouched, prepared: null };
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
    left: row.may_have_left !== 0,
    prepared: row.prepared ?? null,
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
