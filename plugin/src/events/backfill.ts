import { count, flag, nullable, number, oneOf, optional, text, type UnionOf } from "./schema.ts";

/** WhatsApp has no per-chat sequence, so a gap is inferred from evidence and never claimed without it. */
export const gapEvidence = oneOf(
  "announced-more",
  "stanza-without-message",
  "decrypt-failure",
  "key-used",
  "drain-cut-short",
  "quote-unknown",
  "outage-without-drain",
  /** Nothing points at a loss: the owner wants every outage looked through (`history: always`). */
  "by-policy",
);

export const backfillInputs = {
  /** Emitted when something points at messages we never saw. `chat` is null when it cannot be narrowed down. */
  "gap.suspected": { chat: nullable(text), evidence: gapEvidence, messageId: optional(text) },
  /** Emitted at the start of a process for each chat of late: its newest message that is in the journal. */
  "chat.restored": { chat: text, messageId: text, ageMs: count, isDirect: flag },
  /** Emitted at the start of a process for each request to the phone within the last hour: they count against its limit. */
  "history.restored": { ageMs: count },
  /** Emitted at the start of a process for each outage whose account may still change. */
  "outage.restored": {
    outageId: count,
    revision: count,
    startedAgeMs: count,
    endedAgeMs: count,
    causeId: text,
    attempts: count,
    recoveredOffline: count,
    recoveredHistory: count,
    duplicates: count,
    tooOld: count,
  },
  /**
   * Emitted at a start when the account was connected, or in an outage, as long as it was run before. `how` that ended: `stopped` in an orderly way, or
   * `vanished` with its process. `awayAgeMs`: since the stop, since the last sign of life (at most a minute before the end), or since the beginning
   * of the outage that ran, of which the other fields are.
   */
  "absence.restored": {
    how: oneOf("stopped", "vanished"),
    awayAgeMs: count,
    causeId: optional(text),
    attempts: optional(count),
    recoveredOffline: optional(count),
    duplicates: optional(count),
    tooOld: optional(count),
  },
  /**
   * Emitted at the start of a process for each gap that was open when the one before it ended, after the outages. `sinceAgeMs`: age of what
   * was last seen before it (`lastSeen`) or of the beginning of the window. The anchor is the message to ask with next, where there is one.
   */
  "gap.restored": {
    chat: text,
    evidence: gapEvidence,
    outageId: nullable(count),
    openedAgeMs: count,
    sinceAgeMs: count,
    lastSeen: flag,
    afterDelivery: flag,
    anchorMessageId: optional(text),
    anchorAgeMs: optional(count),
    isDirect: flag,
    requests: count,
    recovered: count,
    pages: count,
  },
  /**
   * Emitted when the phone answered an on-demand history request, decoded from the raw notification, after its messages were taken in as
   * `message.journalled` with `via: "history"`. `requestId` is empty when nobody of this process asked. `older`: messages of the page from
   * before the gap, which were left out. `oldestMessageId`, `oldestAgeMs`: where the next page begins.
   */
  "history.answered": {
    requestId: text,
    chat: text,
    messages: count,
    recovered: count,
    duplicates: count,
    endOfHistory: flag,
    older: optional(count),
    oldestMessageId: optional(text),
    oldestAgeMs: optional(count),
  },
  /** Emitted when a request could not be sent at all. */
  "history.failed": { requestId: text, chat: text, why: text },
} as const;
export type BackfillInput = UnionOf<typeof backfillInputs>;

export const backfillEffects = {
  /** Something may be missing in this chat since `outageId` (null: without an outage); it waits for its anchor or its turn. */
  "gap.open": { chat: text, evidence: gapEvidence, outageId: nullable(count) },
  /**
   * What became of a gap. `made-good`: what was missing came by itself. `unanswered`: the phone did not answer any anchor so far; a later
   * answer still counts. `expired`: no message came behind it within the window. `overflow`: too many were open.
   */
  "gap.close": {
    chat: text,
    outcome: oneOf(
      "filled",
      "nothing-missing",
      "made-good",
      "unanswered",
      "expired",
      "overflow",
      "switched-off",
    ),
    requests: count,
    recovered: count,
  },
  /**
   * Ask the phone for messages before the anchor (the first message after the gap). `oldestAgeMs`: how old the messages before the gap
   * are, so that nothing from before it is taken in.
   */
  "history.request": {
    socketId: count,
    requestId: text,
    chat: text,
    anchorMessageId: text,
    messages: count,
    addressing: optional(oneOf("lid", "pn")),
    oldestAgeMs: optional(count),
  },
  /**
   * The account of one outage; written once more when a later fill changes it (`revision` counts). The times are below zero for an outage
   * of an earlier process. `waiting`: chats in which nothing was written since, so that the phone cannot be asked yet.
   */
  "outage.report": {
    outageId: count,
    revision: count,
    startedAt: number,
    endedAt: number,
    causeId: text,
    attempts: count,
    recoveredOffline: count,
    recoveredHistory: count,
    duplicates: count,
    tooOld: count,
    unanswered: count,
    waiting: optional(count),
  },
} as const;
export type BackfillEffect = UnionOf<typeof backfillEffects>;
