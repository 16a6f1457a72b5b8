import type { IncomingMessage, Jid, JournalledMessage, MessageState } from "../runtime/ports.ts";
import { type Addresses, plainAddress } from "./addresses.ts";
import type { MessageEntry, MessageQuery } from "./operations.ts";
import type { Sql } from "./sql.ts";

/** A row of the view `message`. `body` is the message as JSON until it is purged. */
export interface InboundRow {
  readonly id: number;
  readonly message_id: string;
  readonly chat: string;
  readonly sender: string;
  readonly from_me: number;
  readonly chat_kind: string;
  readonly via: string;
  readonly sent_at_ms: number | null;
  readonly received_at_ms: number;
  readonly state: MessageState;
  readonly reason: string;
  readonly state_at_ms: number;
  readonly copies: number;
  readonly body: string | null;
}

const COLUMNS =
  "message_id, chat, sender, from_me, chat_kind, via, sent_at_ms, received_at_ms, state, reason, state_at_ms, copies, has_body";

/** A message only moves forward. */
const RANK = { received: 0, admitted: 1, adopted: 2, settled: 3 } as const satisfies Record<
  MessageState,
  number
>;

/** Counting further copies of one message would only write. */
const MAX_COPIES = 1_000;

/** Reasons the journal itself settles a message with. */
export const SETTLED_BY_JOURNAL = {
  twin: "the same message arrived under the other address of its chat",
  adopted: "the gateway had taken the turn over before the restart and continues it itself",
  expired: "nobody settled it within the journal's retention",
  unreadable: "its stored text could not be read any more",
} as const;

/** Reasons of messages that ended as context begin so, until a turn has shown them. */
const PENDING_CONTEXT = "context: ";
const SHOWN_CONTEXT = "context, shown: ";

/** Messages from WhatsApp, each stored once however often and under whichever address it arrives. */
export class Inbound {
  readonly #sql: Sql;
  readonly #addresses: Addresses;

  constructor(sql: Sql, addresses: Addresses) {
    this.#sql = sql;
    this.#addresses = addresses;
  }

  /** Stores a message unless its twin is there. The caller holds the transaction. */
  receive(message: IncomingMessage, nowMs: number): JournalledMessage {
    const identity = identityOf(message);
    const conversation = this.#addresses.canonical(identity.chat);
    const twin = this.#findTwin(identity);
    if (twin !== undefined) {
      this.#sql.run(
        "UPDATE inbound SET copies = copies + 1 WHERE id = ? AND copies < ?",
        twin.id,
        MAX_COPIES,
      );
      return { message, conversation, receivedAtMs: twin.received_at_ms, duplicate: true };
    }
    this.insert({
      ...identity,
      chat_kind: message.chatKind,
      via: message.via,
      received_at_ms: nowMs,
      state: "received",
      reason: "",
      state_at_ms: nowMs,
      copies: 1,
      body: JSON.stringify(message),
    });
    return { message, conversation, receivedAtMs: nowMs, duplicate: false };
  }

  /**
   * Moves a message forward; false when there is none that is still before `state`. Should two people have used one id in one group, the older
   * message goes first.
   */
  advance(
    messageId: string,
    chat: Jid,
    state: MessageState,
    reason: string,
    nowMs: number,
  ): boolean {
    const row = this.#withId(messageId, chat).find((found) => RANK[found.state] < RANK[state]);
    if (row === undefined) return false;
    this.#setState(row.id, state, reason, nowMs);
    return true;
  }

  /**
   * Messages to admit again after a restart, oldest first. Adopted ones are not among them: the gateway repeats a turn that it had taken over, and
   * a second admission would answer twice.
   */
  unsettled(limit: number, nowMs: number): JournalledMessage[] {
    const rows = this.#sql.all<InboundRow>(
      "SELECT * FROM message WHERE state <> 'settled' AND state <> 'adopted' ORDER BY received_at_ms, id LIMIT ?",
      limit,
    );
    return rows.flatMap((row) => {
      const message = readBody(row.body);
      if (message === null) {
        this.#setState(row.id, "settled", SETTLED_BY_JOURNAL.unreadable, nowMs);
        return [];
      }
      const conversation = this.#addresses.canonical(row.chat);
      return [{ message, conversation, receivedAtMs: row.received_at_ms, duplicate: false }];
    });
  }

  /** Messages that ended as context and that no turn has shown yet, oldest first; at most the newest `limit`. */
  pendingContext(limit: number): JournalledMessage[] {
    return this.#sql
      .all<InboundRow>(
        "SELECT * FROM message WHERE state = 'settled' AND has_body = 1 AND substr(reason, 1, ?) = ? ORDER BY state_at_ms DESC, id DESC LIMIT ?",
        PENDING_CONTEXT.length,
        PENDING_CONTEXT,
        limit,
      )
      .flatMap((row) => {
        const message = readBody(row.body);
        if (message === null) return [];
        const conversation = this.#addresses.canonical(row.chat);
        return [{ message, conversation, receivedAtMs: row.received_at_ms, duplicate: false }];
      })
      .toReversed();
  }

  /** The reason says so from now on; the state stays, and so does the time from which the text's retention counts. */
  markContextShown(messageId: string, chat: Jid): void {
    for (const row of this.#withId(messageId, chat)) {
      if (!row.reason.startsWith(PENDING_CONTEXT)) continue;
      const reason = `${SHOWN_CONTEXT}${row.reason.slice(PENDING_CONTEXT.length)}`;
      this.#sql.run("UPDATE inbound SET reason = ? WHERE id = ?", reason, row.id);
    }
  }

  findRaw(messageId: string, chat: Jid): string | null {
    return this.findMessage(messageId, chat)?.raw ?? null;
  }

  findMessage(messageId: string, chat: Jid): IncomingMessage | null {
    for (const row of this.#withId(messageId, chat)) {
      const message = readBody(row.body);
      if (message !== null) return message;
    }
    return null;
  }

  /** After both addresses of a direct chat became known: of two rows of one message only the one that got further goes on. */
  settleTwins(pn: Jid, lid: Jid, nowMs: number): number {
    const pairs = this.#sql.all<{
      a: number;
      b: number;
      a_state: MessageState;
      b_state: MessageState;
    }>(
      `SELECT a.id AS a, b.id AS b, a.state AS a_state, b.state AS b_state FROM inbound a
       JOIN inbound b ON b.message_id = a.message_id AND b.chat = ? AND b.from_me = a.from_me WHERE a.chat = ?`,
      lid,
      pn,
    );
    for (const { a, b, a_state, b_state } of pairs) {
      const aIsAhead = RANK[a_state] === RANK[b_state] ? a < b : RANK[a_state] > RANK[b_state];
      const [behind, state] = aIsAhead ? [b, b_state] : [a, a_state];
      if (state !== "settled") this.#setState(behind, "settled", SETTLED_BY_JOURNAL.twin, nowMs);
    }
    return pairs.length;
  }

  /** Turns that the gateway had taken over before this process began; see {@link unsettled}. */
  settleAdopted(nowMs: number): void {
    this.#sql.run(
      "UPDATE inbound SET state = 'settled', reason = ?, state_at_ms = ? WHERE state = 'adopted'",
      SETTLED_BY_JOURNAL.adopted,
      nowMs,
    );
  }

  /** Newest last. A chat is found under each address it ever had. */
  messages({ chat, sinceMs, limit }: MessageQuery): MessageEntry[] {
    const rows =
      chat === undefined
        ? this.#sql.all<InboundRow>(
            "SELECT * FROM message WHERE received_at_ms >= ? ORDER BY received_at_ms DESC, id DESC LIMIT ?",
            sinceMs,
            limit,
          )
        : this.#addresses
            .formsOf(plainAddress(chat))
            .flatMap((form) =>
              this.#sql.all<InboundRow>(
                "SELECT * FROM message WHERE chat = ? AND received_at_ms >= ? ORDER BY received_at_ms DESC, id DESC LIMIT ?",
                form,
                sinceMs,
                limit,
              ),
            );
    return rows
      .toSorted((a, b) => b.received_at_ms - a.received_at_ms || b.id - a.id)
      .slice(0, limit)
      .toReversed()
      .map((row) => this.#entryOf(row));
  }

  depth(): { unsettled: number; oldestReceivedAtMs: number | null } {
    const row = this.#sql.get<{ unsettled: number; oldest: number | null }>(
      "SELECT COUNT(*) AS unsettled, MIN(received_at_ms) AS oldest FROM inbound WHERE state <> 'settled'",
    );
    return { unsettled: row?.unsettled ?? 0, oldestReceivedAtMs: row?.oldest ?? null };
  }

  /** How many messages stand in each state. */
  counts(): Readonly<Record<MessageState, number>> {
    const rows = this.#sql.all<{ state: MessageState; messages: number }>(
      "SELECT state, COUNT(*) AS messages FROM inbound GROUP BY state",
    );
    const of = (state: MessageState): number =>
      rows.find((row) => row.state === state)?.messages ?? 0;
    return {
      received: of("received"),
      admitted: of("admitted"),
      adopted: of("adopted"),
      settled: of("settled"),
    };
  }

  insert(row: Omit<InboundRow, "id">): void {
    const { body } = row;
    this.#sql.run(
      `INSERT INTO inbound (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      row.message_id,
      row.chat,
      row.sender,
      row.from_me,
      row.chat_kind,
      row.via,
      row.sent_at_ms,
      row.received_at_ms,
      row.state,
      row.reason,
      row.state_at_ms,
      row.copies,
      body === null ? 0 : 1,
    );
    if (body !== null) {
      this.#sql.run("INSERT INTO inbound_body (id, body) VALUES (last_insert_rowid(), ?)", body);
    }
  }

  /** Takes over a row from another journal: the further state wins, a row that is not here yet is added. */
  merge(row: InboundRow): void {
    const here = this.#findTwin(row);
    if (here === undefined) this.insert(row);
    else if (RANK[row.state] > RANK[here.state]) {
      this.#setState(here.id, row.state, row.reason, row.state_at_ms);
    }
  }

  /** Whether the message is here already, under whichever address. */
  hasTwin(message: IncomingMessage): boolean {
    return this.#findTwin(identityOf(message)) !== undefined;
  }

  rowsWithId(messageId: string): InboundRow[] {
    return this.#sql.all<InboundRow>(
      "SELECT * FROM message WHERE message_id = ? ORDER BY id",
      messageId,
    );
  }

  #entryOf(row: InboundRow): MessageEntry {
    const message = readBody(row.body);
    return {
      messageId: row.message_id,
      conversation: this.#addresses.canonical(row.chat),
      // The column is only ever written from a message.
      chatKind: row.chat_kind as IncomingMessage["chatKind"],
      sender: this.#addresses.canonical(row.sender),
      senderName: message?.pushName ?? null,
      fromMe: row.from_me === 1,
      sentAtMs: row.sent_at_ms,
      receivedAtMs: row.received_at_ms,
      via: row.via as IncomingMessage["via"],
      state: row.state,
      reason: row.reason,
      content: message?.content ?? null,
      quotedMessageId: message?.quoted?.messageId ?? null,
    };
  }

  #withId(messageId: string, chat: Jid): InboundRow[] {
    const plain = plainAddress(chat);
    return this.rowsWithId(messageId).filter(
      (row) => this.#addresses.compare(row.chat, plain) === "same",
    );
  }

  /**
   * Message ids are random, yet only unique per author: another member of a group may repeat one on purpose. So the same id is the same message
   * when chat and author do not contradict each other; where the two addresses of a direct chat cannot be compared, the server's time decides.
   */
  #findTwin(given: MessageIdentity): InboundRow | undefined {
    return this.rowsWithId(given.message_id).find((row) => {
      if (row.from_me !== given.from_me) return false;
      const chats = this.#addresses.compare(row.chat, given.chat);
      if (chats === "different") return false;
      if (chats === "unknown") {
        return given.sent_at_ms !== null && row.sent_at_ms === given.sent_at_ms;
      }
      return this.#addresses.compare(row.sender, given.sender) !== "different";
    });
  }

  #setState(id: number, state: MessageState, reason: string, nowMs: number): void {
    this.#sql.run(
      "UPDATE inbound SET state = ?, reason = ?, state_at_ms = ? WHERE id = ?",
      state,
      reason,
      nowMs,
      id,
    );
  }
}

/** What tells one message from another. */
type MessageIdentity = Pick<
  InboundRow,
  "message_id" | "chat" | "sender" | "from_me" | "sent_at_ms"
>;

function identityOf(message: IncomingMessage): MessageIdentity {
  return {
    message_id: message.messageId,
    chat: plainAddress(message.chat),
    sender: plainAddress(message.sender),
    from_me: message.fromMe ? 1 : 0,
    sent_at_ms: message.sentAtMs,
  };
}

/** The stored message, or null when it was purged or cannot be read. */
export function readBody(body: string | null): IncomingMessage | null {
  if (body === null) return null;
  try {
    return JSON.parse(body) as IncomingMessage;
  } catch {
    // SQLite does not checksum pages: a flipped bit inside a text shows only here.
    return null;
  }
}
