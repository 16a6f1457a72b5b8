import type { ConnectionInput, SendsInput } from "../events/index.ts";
import { cancelTimer, decide, type Draft, emit, patch, startTimer } from "./draft.ts";
import { suspectLink } from "./keepalive.ts";
import { LIMITS } from "./limits.ts";
import { type SendCauseId, sendCauseOfAck } from "./send-causes.ts";
import {
  advanceChat,
  find,
  hold,
  holdFor,
  isIdentityUnknown,
  needsOrder,
  type PendingSend,
  refusalOf,
  setPending,
  settle,
  update,
} from "./send-queue.ts";
import { matchIdentities } from "./successor.ts";

type InputOf<K extends SendsInput["kind"]> = Extract<SendsInput, { kind: K }>;

export function onSendRequested(draft: Draft, input: InputOf<"send.requested">): boolean {
  const { sends } = draft.state;
  if (sends.pending.some((send) => send.sendId === input.sendId)) {
    decide(draft, "sends/already-pending");
    return true;
  }
  const send: PendingSend = {
    sendId: input.sendId,
    chat: input.chat,
    operation: input.operation,
    controllerId: input.controllerId,
    self: input.self,
    target: input.target ?? null,
    phase: "queued",
    socketId: null,
    attempts: 0,
    left: input.left ?? false,
    ackWaits: 0,
    renew: false,
    renewals: 0,
  };
  if (sends.pending.length >= LIMITS.openSends) {
    settle(draft, "sends/overflow", send, "failed", "queue-full");
    return true;
  }
  setPending(draft, [...sends.pending, send]);
  const refusal = refusalOf(draft.state, send);
  if (refusal !== null) {
    settle(draft, `sends/${refusal}`, send, "refused", refusal);
    return true;
  }
  advanceChat(draft, send.chat, "sends/dispatch");
  const now = find(draft.state, send.sendId);
  if (now?.phase === "queued") hold(draft, now);
  return true;
}

/** A socket opened: everything held goes out through it, in order and one at a time per chat. */
export function dispatchHeld(draft: Draft): void {
  for (const chat of new Set(draft.state.sends.pending.map((send) => send.chat))) {
    advanceChat(draft, chat, "sends/dispatch-successor");
  }
}

/** The server answers these with an ack that tells custody; the others are over once written. */
function expectsAck(send: PendingSend): boolean {
  return needsOrder(send);
}

export function onSendWritten(draft: Draft, input: InputOf<"send.written">): boolean {
  const send = find(draft.state, input.sendId);
  if (send === null) return false;
  if (send.phase !== "dispatched" || send.socketId !== input.socketId) {
    // The socket was lost between the write and this report: the copy that may have left keeps its id on the successor.
    update(draft, { ...send, left: true });
    decide(draft, "sends/written-late");
    return true;
  }
  if (!expectsAck(send)) {
    settle(draft, "sends/written", send, "acked", null);
    return true;
  }
  update(draft, { ...send, phase: "written", left: true });
  startTimer(draft, "sends/written", "ack-deadline", draft.policy.sends.ackWaitMs, send.sendId);
  return true;
}

/** The server's answer. It also counts when it comes late, for a predecessor's socket or after an unknown outcome. */
export function onSendAcked(draft: Draft, input: InputOf<"send.acked">): boolean {
  const send = find(draft.state, input.sendId);
  if (send === null) return false;
  if (input.errorCode === undefined) {
    settle(draft, "sends/acked", send, "acked", null);
    return true;
  }
  const causeId = sendCauseOfAck(input.errorCode);
  if (causeId === "stale-device-session" && send.renewals < LIMITS.sessionRenewals) {
    const renewing = { ...send, renew: true, renewals: send.renewals + 1 };
    if (send.phase !== "queued" && send.socketId === input.socketId) {
      requeue(draft, "sends/heal-and-retry", renewing);
    } else {
      // About an attempt that was given up already: the next one is to renew the sessions, too.
      update(draft, renewing);
      decide(draft, "sends/heal-next-attempt");
    }
    return true;
  }
  settle(draft, "sends/refused-by-server", send, "refused", causeId);
  return true;
}

export function onSendReceipted(draft: Draft, input: InputOf<"send.receipted">): boolean {
  const send = find(draft.state, input.sendId);
  if (send === null) return false;
  if (input.receipt === "retry") decide(draft, "sends/retry-receipt");
  else settle(draft, "sends/receipted", send, "acked", null);
  return true;
}

/** An attempt failed. What certainly never left is simply queued again; otherwise the ack, or its absence, decides. */
export function onSendFailed(draft: Draft, input: InputOf<"send.failed">): boolean {
  const send = find(draft.state, input.sendId);
  if (send === null || send.socketId !== input.socketId) return false;
  const failed = { ...send, left: send.left || input.left };
  if (send.phase === "queued") {
    update(draft, failed);
    decide(draft, "sends/failed-after-loss");
    return true;
  }
  const verdict = verdictOf(input);
  if (verdict !== null) {
    settle(draft, `sends/${verdict}`, failed, "failed", verdict);
    return true;
  }
  if (send.attempts >= draft.policy.sends.maxAttempts) {
    settle(draft, "sends/gave-up", failed, "failed", "attempts-exhausted");
    return true;
  }
  const { connection } = draft.state;
  const isSameSocket = connection.phase === "open" && connection.socketId === input.socketId;
  if (!isSameSocket) {
    requeue(draft, "sends/retry-on-successor", failed);
    return true;
  }
  if (!input.left && !isConnectionTrouble(input)) {
    settle(draft, "sends/rejected", failed, "failed", "rejected-before-sending");
    return true;
  }
  update(draft, { ...failed, phase: "written" });
  startTimer(
    draft,
    "sends/outcome-unknown",
    "ack-deadline",
    draft.policy.sends.ackWaitMs,
    send.sendId,
  );
  return true;
}

/** What no other socket would change: the names are those that the runtime gives to its own refusals. */
function verdictOf({ error, left }: InputOf<"send.failed">): SendCauseId | null {
  if (left) return null;
  switch (error.name) {
    case "ClaimLost":
      return "claim-lost";
    case "MediaUnreadable":
      return "media-unreadable";
    default:
      return null;
  }
}

/** Baileys' ways to say that the connection was the problem: 428, its query timeouts, bare close codes, and an upload that broke off. */
function isConnectionTrouble({ error }: InputOf<"send.failed">): boolean {
  return (
    error.statusCode === 428 ||
    error.statusCode === 408 ||
    error.closeCode !== undefined ||
    error.name === "UploadFailed"
  );
}

export function onAckDeadline(draft: Draft, sendId: string): boolean {
  const send = find(draft.state, sendId);
  if (send === null) return false;
  const { connection } = draft.state;
  const isSameSocket = connection.phase === "open" && connection.socketId === send.socketId;
  if (!isSameSocket) {
    requeue(draft, "sends/resend-on-successor", send);
    return true;
  }
  if (send.ackWaits === 0) {
    update(draft, { ...send, ackWaits: 1 });
    decide(draft, "sends/ack-overdue");
    suspectLink(draft);
    startTimer(draft, "sends/ack-overdue", "ack-deadline", draft.policy.sends.ackWaitMs, sendId);
    return true;
  }
  if (send.attempts >= draft.policy.sends.maxAttempts) {
    settle(draft, "sends/gave-up", send, "failed", "never-acknowledged");
    return true;
  }
  requeue(draft, "sends/resend-unacked", { ...send, ackWaits: 0 });
  return true;
}

/** Back into the queue, keeping its place and its message id. */
function requeue(draft: Draft, rule: string, send: PendingSend): void {
  cancelTimer(draft, rule, "ack-deadline", send.sendId);
  decide(draft, rule);
  update(draft, { ...send, phase: "queued", ackWaits: 0 });
  advanceChat(draft, send.chat, rule);
  const now = find(draft.state, send.sendId);
  if (now?.phase === "queued") hold(draft, now);
}

/**
 * The open socket is gone: what it had not settled waits for the next one, with the same id. What stood in line behind it has waited for
 * its chat, and begins to wait for a socket only now.
 */
export function holdUnsettled(draft: Draft, wasOpen: boolean): void {
  for (const { sendId } of draft.state.sends.pending) {
    const send = find(draft.state, sendId);
    if (send === null) continue;
    if (send.phase !== "queued" && send.operation !== "typing") {
      const queued: PendingSend = { ...send, phase: "queued", ackWaits: 0 };
      update(draft, queued);
      cancelTimer(draft, "sends/hold-unacked", "ack-deadline", send.sendId);
      holdFor(draft, "sends/hold-unacked", queued, "unacked");
    } else if (wasOpen || send.phase !== "queued") hold(draft, send);
  }
}

/** Another number was linked in place: nothing that was captured for the one before may leave through it. */
export function onForeignCredentials(
  draft: Draft,
  self: Extract<ConnectionInput, { kind: "credentials.changed" }>["self"],
): void {
  const rule = "credentials/foreign";
  for (const { sendId } of draft.state.sends.pending) {
    const send = find(draft.state, sendId);
    if (send === null || isOf(draft, send, self)) continue;
    settle(draft, rule, send, "refused", "identity-mismatch");
  }
  patch(draft, { self: null, ownMappings: [] });
  emit(draft, rule, { kind: "journal.quarantine" });
}

function isOf(
  draft: Draft,
  send: PendingSend,
  self: Parameters<typeof onForeignCredentials>[1],
): boolean {
  if (self === undefined || send.self === null) return false;
  return matchIdentities(send.self, self, draft.state.ownMappings) === "same";
}

/** No successor will come: captured replies fail now and not after a deadline. */
export function refuseAll(draft: Draft, causeId: SendCauseId): void {
  for (const send of draft.state.sends.pending) {
    settle(draft, `sends/${causeId}`, send, "refused", causeId);
  }
}

export function onSendDeadline(draft: Draft, sendId: string): boolean {
  const send = find(draft.state, sendId);
  if (send === null) return false;
  if (draft.state.connection.phase !== "open") {
    settle(draft, "sends/expired", send, "expired", "no-successor-in-time");
  } else if (isIdentityUnknown(draft.state, send)) {
    settle(draft, "sends/identity-unknown", send, "refused", "identity-unknown");
  } else {
    // Its chat is busy. What stands before it ends in bounded time, and so does its turn to wait.
    holdFor(draft, "sends/still-in-line", send, "chat-busy");
  }
  return true;
}

export function onSendCancelled(draft: Draft, input: InputOf<"send.cancelled">): boolean {
  const send = find(draft.state, input.sendId);
  if (send === null) return false;
  // What may have left stays in custody: the other side must get one copy or be known to have none.
  const mayHaveLeft = send.left || send.phase !== "queued";
  if (mayHaveLeft && input.final !== true) decide(draft, "sends/cancelled-too-late");
  else settle(draft, "sends/cancelled", send, "cancelled", null);
  return true;
}

export function onIdentityMapped(draft: Draft, input: InputOf<"identity.mapped">): boolean {
  const pair = `${input.pn}|${input.lid}`;
  decide(draft, "sends/identity-mapped");
  if (!draft.state.ownMappings.includes(pair)) {
    patch(draft, { ownMappings: [...draft.state.ownMappings, pair].slice(-LIMITS.ownMappings) });
    dispatchHeld(draft);
  }
  return true;
}
