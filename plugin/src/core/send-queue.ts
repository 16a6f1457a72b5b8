import type { ControllerId, SelfIdentity, SendsInput, SocketId } from "../events/index.ts";
import { cancelTimer, type Draft, emit, patch, startTimer } from "./draft.ts";
import { LIMITS } from "./limits.ts";
import type { SendCauseId } from "./send-causes.ts";
import type { AccountState } from "./state.ts";
import { type IdentityMatch, matchIdentities } from "./successor.ts";

/** One logical send. It keeps its message id across attempts, sockets, controllers and restarts. */
export interface PendingSend {
  readonly sendId: string;
  readonly chat: string;
  readonly operation: Extract<SendsInput, { kind: "send.requested" }>["operation"];
  readonly controllerId: ControllerId;
  /** Identity under which it was captured; null when none was confirmed yet. */
  readonly self: SelfIdentity | null;
  /** The send of our own that it edits, deletes or reacts to. */
  readonly target: string | null;
  readonly phase: "queued" | "dispatched" | "written";
  /** The socket of the last attempt. */
  readonly socketId: SocketId | null;
  readonly attempts: number;
  /** Something may have reached the wire in some attempt. */
  readonly left: boolean;
  readonly ackWaits: number;
  /** The server said that a device's session is stale: the next attempt asks for new ones. */
  readonly renew: boolean;
  /** How often that happened. */
  readonly renewals: number;
}

export interface SendsState {
  /** In the order they were requested. */
  readonly pending: readonly PendingSend[];
}

export const INITIAL_SENDS: SendsState = { pending: [] };

/** Why this send can never leave, if so. Waiting is not a reason: that is what holding is for. */
export function refusalOf(state: AccountState, send: PendingSend): SendCauseId | null {
  const { connection } = state;
  if (connection.phase === "blocked") return "account-blocked";
  if (connection.phase === "stopped" && connection.promise === "final") return "account-stopped";
  if (connection.phase !== "open") return null;
  return identityRefusal(identityOf(state, connection.self, send));
}

type Routing = IdentityMatch | "captor-unauthenticated";

/** Whether the open socket is of the number for which the send was captured. */
function identityOf(state: AccountState, self: SelfIdentity, send: PendingSend): Routing {
  if (send.self !== null) {
    return matchIdentities(send.self, withKnownForms(state, self), state.ownMappings);
  }
  const { connection } = state;
  const isCaptors = connection.phase === "open" && connection.controllerId === send.controllerId;
  return isCaptors ? "same" : "captor-unauthenticated";
}

function identityRefusal(routing: Routing): SendCauseId | null {
  switch (routing) {
    case "same":
    // A pair that bridges both forms may still become known.
    case "unknown":
      return null;
    case "different":
      return "identity-mismatch";
    case "ambiguous":
      return "identity-ambiguous";
    case "captor-unauthenticated":
      return "captor-unauthenticated";
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

export function isIdentityUnknown(state: AccountState, send: PendingSend): boolean {
  const { connection } = state;
  return connection.phase === "open" && identityOf(state, connection.self, send) === "unknown";
}

/** Keeps a send until something changes, but not for ever. What is worth nothing later is dropped. */
export function hold(draft: Draft, send: PendingSend): void {
  if (send.operation === "typing") {
    settle(draft, "sends/skip-typing", send, "expired", "not-connected");
    return;
  }
  const why = whyHeld(draft.state, send);
  holdFor(draft, `sends/hold-${why}`, send, why);
}

type Why = "no-socket" | "no-successor" | "chat-busy" | "unacked" | "identity-unknown";

function whyHeld(state: AccountState, send: PendingSend): Why {
  switch (state.connection.phase) {
    case "open":
      return isIdentityUnknown(state, send) ? "identity-unknown" : "chat-busy";
    case "stopped":
      return "no-successor";
    case "idle":
    case "claiming":
    case "connecting":
    case "waiting":
    case "inspecting":
    case "blocked":
      return "no-socket";
  }
}

/** Holds with a fresh deadline, whatever was waited for before. */
export function holdFor(draft: Draft, rule: string, send: PendingSend, why: Why): void {
  const deadlineMs = draft.policy.sends.successorWaitMs;
  emit(draft, rule, { kind: "send.hold", sendId: send.sendId, why, deadlineMs });
  startTimer(draft, rule, "send-deadline", deadlineMs, send.sendId);
}

/** Starts the next queued sends of a chat, as far as order allows. */
export function advanceChat(draft: Draft, chat: string, rule: string): void {
  const { connection } = draft.state;
  if (connection.phase !== "open") return;
  for (const { sendId } of draft.state.sends.pending.filter((send) => send.chat === chat)) {
    // Settling one advances the chat by itself.
    const send = find(draft.state, sendId);
    if (send === null || send.phase !== "queued") continue;
    if (needsOrder(send) && hasEarlier(draft.state, send)) continue;
    const routing = identityOf(draft.state, connection.self, send);
    const refusal = identityRefusal(routing);
    if (refusal !== null) settle(draft, `sends/${refusal}`, send, "refused", refusal);
    else if (routing === "same") dispatch(draft, rule, send, connection.socketId);
  }
}

/** In its chat there is something that must go first: under way, or requested earlier. */
function hasEarlier(state: AccountState, send: PendingSend): boolean {
  const inOrder = state.sends.pending.filter(
    (other) => other.chat === send.chat && needsOrder(other),
  );
  return inOrder.some((other) => other.phase !== "queued") || inOrder[0]?.sendId !== send.sendId;
}

export function needsOrder(send: PendingSend): boolean {
  return (
    send.operation !== "typing" &&
    send.operation !== "read-receipt" &&
    send.operation !== "group-query"
  );
}

function dispatch(draft: Draft, rule: string, send: PendingSend, socketId: SocketId): void {
  const attempts = send.attempts + 1;
  update(draft, { ...send, phase: "dispatched", socketId, attempts, renew: false });
  cancelTimer(draft, rule, "send-deadline", send.sendId);
  startTimer(draft, rule, "ack-deadline", LIMITS.writeMs, send.sendId);
  emit(draft, rule, {
    kind: "send.dispatch",
    sendId: send.sendId,
    socketId,
    attempt: attempts,
    ...(send.renew ? { renew: true } : {}),
  });
}

/** The logical send is over. What refers to it and has not left can have no sense any more unless it was sent. */
export function settle(
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
  const isKnownUnsent = outcome === "refused" || (outcome !== "acked" && !send.left);
  if (isKnownUnsent) refuseDependents(draft, send);
  advanceChat(draft, send.chat, "sends/next-in-chat");
}

function refuseDependents(draft: Draft, target: PendingSend): void {
  for (const send of draft.state.sends.pending) {
    if (send.target !== target.sendId || send.phase !== "queued") continue;
    settle(draft, "sends/target-not-sent", send, "refused", "target-not-sent");
  }
}

export function find(state: AccountState, sendId: string): PendingSend | null {
  return state.sends.pending.find((send) => send.sendId === sendId) ?? null;
}

export function update(draft: Draft, send: PendingSend): void {
  setPending(
    draft,
    draft.state.sends.pending.map((other) => (other.sendId === send.sendId ? send : other)),
  );
}

export function setPending(draft: Draft, pending: readonly PendingSend[]): void {
  patch(draft, { sends: { pending } });
}
