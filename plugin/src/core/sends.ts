import type { ControllerId, SelfIdentity, SendsInput, SocketId } from "../events/index.ts";
import { cancelTimer, decide, type Draft, emit, patch, startTimer } from "./draft.ts";
import { suspectLink } from "./keepalive.ts";
import { LIMITS } from "./limits.ts";
import { type SendCauseId, sendCauseOfAck } from "./send-causes.ts";
import type { AccountState } from "./state.ts";
import { matchIdentities } from "./successor.ts";

type InputOf<K extends SendsInput["kind"]> = Extract<SendsInput, { kind: K }>;

/** One logical send. It keeps its message id across attempts, sockets, controllers and restarts. */
export interface PendingSend {
  readonly sendId: string;
  readonly chat: string;
  readonly operation: InputOf<"send.requested">["operation"];
  readonly controllerId: ControllerId;
  /** Identity under which it was captured; null when none was confirmed yet. */
  readonly self: SelfIdentity | null;
  readonly phase: "queued" | "dispatched" | "written";
  /** The socket of the last attempt. */
  readonly socketId: SocketId | null;
  readonly attempts: number;
  /** Something may have reached the wire in some attempt. */
  readonly left: boolean;
  readonly ackWaits: number;
}

export interface SendsState {
  /** In the order they were requested. */
  readonly pending: readonly PendingSend[];
}

export const INITIAL_SENDS: SendsState = { pending: [] };

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
    phase: "queued",
    socketId: null,
    attempts: 0,
    left: false,
    ackWaits: 0,
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

/** Why this send can never leave, if so. Waiting is not a reason: that is what holding is for. */
function refusalOf(state: AccountState, send: PendingSend): SendCauseId | null {
  const { connection } = state;
  if (connection.phase === "blocked") return "account-blocked";
  if (connection.phase === "stopped" && connection.promise === "final") return "account-stopped";
  if (connection.phase === "open") return identityRefusal(state, connection.self, send);
  return null;
}

function identityRefusal(
  state: AccountState,
  self: SelfIdentity,
  send: PendingSend,
): SendCauseId | null {
  if (send.self === null) {
    const isCaptors =
      state.connection.phase === "open" && state.connection.controllerId === send.controllerId;
    return isCaptors ? null : "identity-unknown";
  }
  switch (matchIdentities(send.self, withKnownForms(state, self), state.ownMappings)) {
    case "same":
      return null;
    case "different":
      return "identity-mismatch";
    case "unknown":
      return "identity-unknown";
  }
}

/** The forms confirmed at an earlier login of the same account count for a socket that confirmed only one. */
function withKnownForms(state: AccountState, self: SelfIdentity): SelfIdentity {
  const known = state.self;
  if (known === null) return self;
  const isSame =
    (self.pn !== null && self.pn === known.pn) || (self.lid !== null && self.lid === known.lid);
  return isSame ? { pn: self.pn ?? known.pn, lid: self.lid ?? known.lid } : self;
}

function hold(draft: Draft, send: PendingSend): void {
  const { connection } = draft.state;
  if (send.operation === "typing") {
    settle(draft, "sends/skip-typing", send, "expired", "not-connected");
    return;
  }
  const isOpen = connection.phase === "open";
  const why = isOpen ? "chat-busy" : connection.phase === "stopped" ? "no-successor" : "no-socket";
  const rule = `sends/hold-${why}`;
  const deadlineMs = draft.policy.sends.successorWaitMs;
  emit(draft, rule, { kind: "send.hold", sendId: send.sendId, why, deadlineMs });
  startTimer(draft, rule, "send-deadline", deadlineMs, send.sendId);
}

/** A socket opened: everything held goes out through it, in order and one at a time per chat. */
export function dispatchHeld(draft: Draft): void {
  for (const chat of new Set(draft.state.sends.pending.map((send) => send.chat))) {
    advanceChat(draft, chat, "sends/dispatch-successor");
  }
}

/** Starts the next queued sends of a chat, as far as order allows. */
function advanceChat(draft: Draft, chat: string, rule: string): void {
  const { connection } = draft.state;
  if (connection.phase !== "open") return;
  for (const send of draft.state.sends.pending.filter((candidate) => candidate.chat === chat)) {
    const isOrdered = needsOrder(send);
    const busy = draft.state.sends.pending.some(
      (other) => other.chat === chat && other.phase !== "queued" && needsOrder(other),
    );
    if (send.phase !== "queued" || (isOrdered && busy)) continue;
    const refusal = identityRefusal(draft.state, connection.self, send);
    if (refusal === null) dispatch(draft, rule, send, connection.socketId);
    else settle(draft, `sends/${refusal}`, send, "refused", refusal);
  }
}

function needsOrder(send: PendingSend): boolean {
  return (
    send.operation !== "typing" &&
    send.operation !== "read-receipt" &&
    send.operation !== "group-query"
  );
}

/** The server answers these with an ack that tells custody; the others are over once written. */
function expectsAck(send: PendingSend): boolean {
  return needsOrder(send);
}

function dispatch(draft: Draft, rule: string, send: PendingSend, socketId: SocketId): void {
  const attempts = send.attempts + 1;
  update(draft, { ...send, phase: "dispatched", socketId, attempts });
  cancelTimer(draft, rule, "send-deadline", send.sendId);
  startTimer(draft, rule, "ack-deadline", LIMITS.writeMs, send.sendId);
  emit(draft, rule, { kind: "send.dispatch", sendId: send.sendId, socketId, attempt: attempts });
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
  if (causeId === "stale-device-session" && send.attempts < 2) {
    requeue(draft, "sends/heal-and-retry", send);
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

/** Baileys' ways to say that the connection was the problem: 428, its query timeouts, and bare close codes. */
function isConnectionTrouble(input: InputOf<"send.failed">): boolean {
  const { error } = input;
  return error.statusCode === 428 || error.statusCode === 408 || error.closeCode !== undefined;
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

/** The open socket is gone: what it had not settled waits for the next one, with the same id. */
export function holdUnsettled(draft: Draft): void {
  for (const send of draft.state.sends.pending) {
    if (send.phase === "queued") continue;
    const queued: PendingSend = { ...send, phase: "queued", ackWaits: 0 };
    update(draft, queued);
    cancelTimer(draft, "sends/hold-unacked", "ack-deadline", send.sendId);
    const deadlineMs = draft.policy.sends.successorWaitMs;
    emit(draft, "sends/hold-unacked", {
      kind: "send.hold",
      sendId: send.sendId,
      why: "unacked",
      deadlineMs,
    });
    startTimer(draft, "sends/hold-unacked", "send-deadline", deadlineMs, send.sendId);
  }
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
  settle(draft, "sends/expired", send, "expired", "no-successor-in-time");
  return true;
}

export function onSendCancelled(draft: Draft, input: InputOf<"send.cancelled">): boolean {
  const send = find(draft.state, input.sendId);
  if (send === null) return false;
  settle(draft, "sends/cancelled", send, "cancelled", null);
  return true;
}

export function onIdentityMapped(draft: Draft, input: InputOf<"identity.mapped">): boolean {
  const pair = `${input.pn}|${input.lid}`;
  decide(draft, "sends/identity-mapped");
  if (!draft.state.ownMappings.includes(pair)) {
    patch(draft, { ownMappings: [...draft.state.ownMappings, pair].slice(-LIMITS.ownMappings) });
  }
  return true;
}

function settle(
  draft: Draft,
  rule: string,
  send: PendingSend,
  outcome: "acked" | "refused" | "failed" | "expired" | "cancelled",
  causeId: SendCauseId | null,
): void {
  cancelTimer(draft, rule, "ack-deadline", send.sendId);
  cancelTimer(draft, rule, "send-deadline", send.sendId);
  setPending(
    draft,
    draft.state.sends.pending.filter((other) => other.sendId !== send.sendId),
  );
  emit(draft, rule, {
    kind: "send.settle",
    sendId: send.sendId,
    outcome,
    causeId,
    left: send.left,
  });
  advanceChat(draft, send.chat, "sends/next-in-chat");
}

function find(state: AccountState, sendId: string): PendingSend | null {
  return state.sends.pending.find((send) => send.sendId === sendId) ?? null;
}

function update(draft: Draft, send: PendingSend): void {
  setPending(
    draft,
    draft.state.sends.pending.map((other) => (other.sendId === send.sendId ? send : other)),
  );
}

function setPending(draft: Draft, pending: readonly PendingSend[]): void {
  patch(draft, { sends: { pending } });
}
