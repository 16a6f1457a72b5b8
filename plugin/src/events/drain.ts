import { count, flag, nullable, oneOf, optional, text, type UnionOf } from "./schema.ts";

export const stanzaClass = oneOf("message", "receipt", "notification", "call", "status");

/** What arrived from WhatsApp, from the wire to the journal. Ids and counts only; bodies live in the journal. */
export const drainInputs = {
  /** Emitted when the server announced what it kept while we were away (`<ib><offline_preview>`). */
  "drain.previewed": {
    socketId: count,
    announced: count,
    messages: count,
    receipts: count,
    notifications: count,
  },
  /** Emitted for each stanza that carries the `offline` attribute, before decryption. */
  "stanza.received": { socketId: count, stanzaId: text, class: stanzaClass },
  /** Emitted when the server said that nothing older is waiting (`<ib><offline>`). */
  "drain.ended": { socketId: count, delivered: count },
  /**
   * Emitted when a message is in the journal, before anything else saw it. `ageMs` is null when the message carries no
   * usable time. `duplicate`: the journal had it already (redelivery, PN/LID twin, history). `via`: `live` on an open connection, `offline` from
   * what the server kept, `history` from a page the phone sent when it was asked, `decrypt-buffer` from a former socket's plaintext.
   */
  "message.journalled": {
    socketId: count,
    messageId: text,
    chat: text,
    chatKind: oneOf("direct", "group", "self", "status", "other"),
    via: oneOf("live", "offline", "history", "decrypt-buffer"),
    ageMs: nullable(count),
    fromMe: flag,
    mentioned: flag,
    duplicate: flag,
  },
  /** Emitted when the delivery receipt of a stanza left. */
  "stanza.receipted": { socketId: count, stanzaId: text },
  /** Emitted when a stanza brought no message: `key-used` is libsignal's answer to a redelivery (nack 487). */
  "message.orphaned": {
    socketId: count,
    messageId: text,
    chat: nullable(text),
    why: oneOf("undecryptable", "key-used", "no-upsert", "unavailable"),
  },
  /** Emitted when a stanza was read and nothing in it is for anybody: between devices, or without content. Never journalled. */
  "message.skipped": {
    socketId: count,
    messageId: text,
    via: oneOf("live", "offline", "history", "decrypt-buffer"),
    why: oneOf("between-devices", "no-content"),
  },
  /** Emitted when a journalled message reached its end, with the reason: nothing completes silently. */
  "message.settled": {
    messageId: text,
    state: oneOf("answered", "context", "ignored", "denied", "expired", "failed"),
    reason: text,
  },
  /** Emitted at a start when the one before ended before it told the owner of old messages: these wait to be told. */
  "notice.restored": { messages: count, chats: count },
} as const;
export type DrainInput = UnionOf<typeof drainInputs>;

export const drainEffects = {
  /** Ask for the next batch of what the server kept (`<ib><offline_batch>`); rc14 asks only once. */
  "drain.pull": { socketId: count, batch: count },
  /** The ledger of one offline delivery is closed. `cut-short` and `timed-out` are evidence of a gap. */
  "drain.close": {
    socketId: count,
    outcome: oneOf("complete", "cut-short", "timed-out", "not-announced"),
    announced: count,
    delivered: count,
    journalled: count,
    receipted: count,
  },
  /** What becomes of a message: an answer, context for the next turn, or a note to the owner. */
  "message.admit": {
    messageId: text,
    chat: text,
    as: oneOf("reply", "context", "notify-owner", "ignore"),
    late: flag,
    /** Of a late message, for people: what it was and how old. */
    reason: optional(text),
    /** Part of the one turn that the `burst.admit` of this number begins. */
    burst: optional(count),
  },
  /** The message waits, to be judged together with its neighbours: for a connection, the rest of the offline delivery, or the phone. */
  "message.hold": {
    messageId: text,
    chat: text,
    why: oneOf("not-connected", "delivery", "history"),
  },
  /**
   * Messages of one chat that came while catching up are given to the agent as one turn, in the order of their own times. `why` it begins
   * now: nothing more is to come, it waited long enough, or too many wait. `replies`: how many of the messages are to be answered.
   */
  "burst.admit": {
    burst: count,
    chat: text,
    messages: count,
    replies: count,
    why: oneOf("caught-up", "deadline", "full"),
  },
  /** The owner is told, once per outage, how many messages in how many chats are too old to be answered. */
  "owner.notify": { messages: count, chats: count },
  /** Ask the phone for the plaintext of a stanza we could not read (at most once per id, <= 14 days). */
  "placeholder.request": { socketId: count, messageId: text, chat: optional(text) },
} as const;
export type DrainEffect = UnionOf<typeof drainEffects>;
