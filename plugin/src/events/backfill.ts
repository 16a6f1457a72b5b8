import { count, flag, nullable, oneOf, optional, text, type UnionOf } from "./schema.ts";

/** WhatsApp has no per-chat sequence, so a gap is inferred from evidence and never claimed without it. */
export const gapEvidence = oneOf(
  "announced-more",
  "stanza-without-message",
  "decrypt-failure",
  "key-used",
  "drain-cut-short",
  "quote-unknown",
  "outage-without-drain",
);

export const backfillInputs = {
  /** Emitted when something points at messages we never saw. `chat` is null when it cannot be narrowed down. */
  "gap.suspected": { chat: nullable(text), evidence: gapEvidence, messageId: optional(text) },
  /** Emitted when the phone answered an on-demand history request, decoded from the raw notification. */
  "history.answered": {
    requestId: text,
    chat: text,
    messages: count,
    recovered: count,
    duplicates: count,
    endOfHistory: flag,
  },
  /** Emitted when a request could not be sent at all. */
  "history.failed": { requestId: text, chat: text, why: text },
} as const;
export type BackfillInput = UnionOf<typeof backfillInputs>;

export const backfillEffects = {
  /** Ask the phone for messages before the anchor (the first message after the gap). */
  "history.request": {
    socketId: count,
    requestId: text,
    chat: text,
    anchorMessageId: text,
    messages: count,
  },
  /** The account of one outage; written once more when a later fill changes it (`revision` counts). */
  "outage.report": {
    outageId: count,
    revision: count,
    startedAt: count,
    endedAt: count,
    causeId: text,
    attempts: count,
    recoveredOffline: count,
    recoveredHistory: count,
    duplicates: count,
    tooOld: count,
    unanswered: count,
  },
} as const;
export type BackfillEffect = UnionOf<typeof backfillEffects>;
