import { selfIdentity } from "./identity.ts";
import { rawError } from "./raw-error.ts";
import { count, flag, nullable, oneOf, optional, text, type UnionOf } from "./schema.ts";

export const sendOperation = oneOf(
  "text",
  "media",
  "reaction",
  "edit",
  "delete",
  "poll",
  "typing",
  "read-receipt",
  "group-query",
);

export const sendsInputs = {
  /**
   * Emitted when something is to leave for WhatsApp. `controllerId` and `self` are those of the controller that captured the
   * reply; they decide whether a successor may carry it. `messageId` stays the same across attempts, sockets and restarts.
   * `left`: an earlier process may have written it. `target`: the send of our own that it edits, deletes or reacts to.
   */
  "send.requested": {
    sendId: text,
    controllerId: count,
    chat: text,
    operation: sendOperation,
    messageId: nullable(text),
    self: nullable(selfIdentity),
    left: optional(flag),
    target: optional(text),
  },
  /** Emitted when the bytes were handed to the operating system. This is not "sent". */
  "send.written": { sendId: text, socketId: count },
  /** Emitted when the server answered: without `errorCode` it has custody, with one it refused (463, 479, ...). */
  "send.acked": { sendId: text, socketId: count, errorCode: optional(text) },
  /** Emitted when the other side's device confirmed; proof of custody too when the ack was lost. */
  "send.receipted": { sendId: text, receipt: oneOf("delivery", "read", "played", "retry") },
  /** Emitted when an attempt failed. `left`: whether anything can have reached the wire. */
  "send.failed": { sendId: text, socketId: count, left: flag, error: rawError },
  /** Emitted when the caller gave up waiting. `final`: and wants no further attempt, also of what may have left already. */
  "send.cancelled": { sendId: text, final: optional(flag) },
  /** Emitted when a PN-LID pair of our own account became known, so identities can be compared. */
  "identity.mapped": { pn: text, lid: text },
} as const;
export type SendsInput = UnionOf<typeof sendsInputs>;

export const sendsEffects = {
  /** Write it through this socket now. `renew`: ask for new device lists and sessions first, the old ones were refused. */
  "send.dispatch": { sendId: text, socketId: count, attempt: count, renew: optional(flag) },
  /** Keep it until a socket of the same identity is open, up to the deadline. */
  "send.hold": {
    sendId: text,
    why: oneOf("no-socket", "no-successor", "chat-busy", "unacked", "identity-unknown"),
    deadlineMs: count,
  },
  /** The logical send is over. `acked`: the server has custody. */
  "send.settle": {
    sendId: text,
    outcome: oneOf("acked", "refused", "failed", "expired", "cancelled"),
    causeId: nullable(text),
    left: flag,
  },
  /** The credentials are those of another number now: what was kept for the number before is set aside and no longer used. */
  "journal.quarantine": {},
} as const;
export type SendsEffect = UnionOf<typeof sendsEffects>;
