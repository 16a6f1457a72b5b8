import type { ControllerId, Effect, SocketId } from "../events/index.ts";
import { budgetDelayMs } from "./backoff.ts";
import { cancelTimer, type Draft, emit, hasTimer, patch, startTimer } from "./draft.ts";
import { LIMITS } from "./limits.ts";
import type { Policy } from "./policy.ts";
import type { ConnectionState } from "./state.ts";
import { publishStatus } from "./status.ts";

/** Moves the connection into a phase. */
export function enter(draft: Draft, connection: ConnectionState): void {
  patch(draft, { connection });
}

/** Asks for the auth directory before any socket is made: two processes on one device are a 440 fight. */
export function claim(
  draft: Draft,
  rule: string,
  controllerId: ControllerId,
  pairing: boolean,
): void {
  enter(draft, { phase: "claiming", controllerId, pairing });
  emit(draft, rule, { kind: "owner.acquire", controllerId });
}

/** Another process has the auth directory: ask again until it is given back. */
export function awaitOwner(
  draft: Draft,
  rule: string,
  controllerId: ControllerId,
  pairing: boolean,
): void {
  enter(draft, {
    phase: "waiting",
    controllerId,
    causeId: "owner-busy",
    nextAttemptAt: draft.at + LIMITS.ownerRetryMs,
    pairing,
  });
  startTimer(draft, rule, "owner-retry", LIMITS.ownerRetryMs);
  publishStatus(draft, rule);
}

/** Opens a socket now, or as soon as the hourly budget has room. */
export function openSocket(
  draft: Draft,
  rule: string,
  controllerId: ControllerId,
  pairing: boolean,
): void {
  const { recovery } = draft.state;
  const recent = recentAttempts(draft);
  const share =
    rule === "reconnect/due"
      ? scheduledBudget(draft.policy)
      : draft.policy.recovery.attemptsPerHour;
  const budgetWait = budgetDelayMs(recent, share, draft.at);
  if (budgetWait > 0) {
    const causeId = recovery.lastCauseId ?? "unknown";
    const nextAttemptAt = draft.at + budgetWait;
    enter(draft, { phase: "waiting", controllerId, causeId, nextAttemptAt, pairing });
    startTimer(draft, "connect/budget", "reconnect", budgetWait);
    publishStatus(draft, "connect/budget");
    return;
  }
  const socketId = draft.state.nextSocketId;
  const attempt = recovery.attempt + 1;
  // A probe that was asked and not answered yet is under way until it answers: a resolver that hangs is not asked by more and more of them.
  const probing = recovery.probing && !hasTimer(draft, "network-probe");
  for (const timer of [
    "reconnect",
    "network-probe",
    "conflict-probe",
    "credential-recheck",
  ] as const) {
    cancelTimer(draft, rule, timer);
  }
  patch(draft, {
    nextSocketId: socketId + 1,
    recovery: {
      ...recovery,
      attemptTimes: [...recent, draft.at],
      probing,
      networkDown: false,
    },
  });
  enter(draft, { phase: "connecting", controllerId, socketId, attempt, stage: "dialing", pairing });
  emit(draft, rule, { kind: "socket.open", socketId, attempt });
  startTimer(draft, rule, "connect-limit", LIMITS.dialMs);
  publishStatus(draft, rule);
}

/** Times of the attempts that count against the hourly budget, ascending. */
export function recentAttempts({ state, at }: Draft): readonly number[] {
  return state.recovery.attemptTimes.filter((time) => time > at - LIMITS.hourMs);
}

/** Attempts an hour that the backoff may make by itself. */
export function scheduledBudget({ recovery }: Policy): number {
  return Math.ceil(recovery.attemptsPerHour * LIMITS.scheduledShare);
}

/** Tells a socket to end. Its `socket.closed` is expected and changes nothing any more. */
export function retire(
  draft: Draft,
  rule: string,
  socketId: SocketId,
  reason: Extract<Effect, { kind: "socket.close" }>["reason"],
): void {
  const retiring = [...draft.state.retiring, socketId].slice(-LIMITS.retiringSockets);
  patch(draft, { retiring });
  emit(draft, rule, { kind: "socket.close", socketId, reason });
}
