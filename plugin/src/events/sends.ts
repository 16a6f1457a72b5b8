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
   */
  "send.requested": {
    sendId: text,
    controllerId: count,
    chat: text,
    operation: sendOperation,
    messageId: nullable(text),
    self: nullable(selfIdentity),
  },
  /** Emitted when the bytes were handed to the operating system. This is not "sent". */
  "send.written": { sendId: text, socketId: count },
  /** Emitted when the server answered: without `errorCode` it has custody, with one it refused (463, 479, ...). */
  "send.acked": { sendId: text, socketId: count, errorCode: optional(text) },
  /** Emitted when the other side's device confirmed; proof of custody too when the ack was lost. */
  "send.receipted": { sendId: text, receipt: oneOf("delivery", "read", "played", "retry") },
  /** Emitted when an attempt failed. `left`: whether anything can have reached the wire. */
  "send.failed": { sendId: text, socketId: count, left: flag, error: rawError },
  /** Emitted when the caller gave up waiting. */
  "send.cancelled": { sendId: text },
  /** Emitted when a PN-LID pair of our own account became known, so identities can be compared. */
  "identity.mapped": { pn: text, lid: text },
} as const;
export type SendsInput = UnionOf<typeof sendsInputs>;

export const sendsEffects = {
  /** Write it through this socket now. */
  "send.dispatch": { sendId: text, socketId: count, attempt: count },
  /** Keep it until a socket of the same identity is open, up to the deadline. */
  "send.hold": {
    sendId: text,
    why: oneOf("no-socket", "no-successor", "chat-busy", "unacked"),
    deadlineMs: count,
  },
  /** The logical send is over. `acked`: the server has custody. */
  "send.settle": {
    sendId: text,
    outcome: oneOf("acked", "refused", "failed", "expired", "cancelled"),
    causeId: nullable(text),
    left: flag,
  },
} as const;
export type SendsEffect = UnionOf<typeof sendsEffects>;
