import type { KeepaliveInput, SocketId } from "../events/index.ts";
import {
  cancelTimer,
  decide,
  type Draft,
  emit,
  hasTimer,
  jittered,
  patch,
  startTimer,
} from "./draft.ts";
import { healDeafness } from "./hearing.ts";
import { LIMITS } from "./limits.ts";
import { lose } from "./recovery.ts";
import { startRotation, stopRotation } from "./rotation.ts";
import { sessionPlan } from "./session-plan.ts";
import { retire } from "./sockets.ts";
import type { AccountState } from "./state.ts";

type InputOf<K extends KeepaliveInput["kind"]> = Extract<KeepaliveInput, { kind: K }>;

/** Liveness of the open socket. */
export interface KeepaliveState {
  readonly nextPingId: number;
  readonly pendingPingId: number | null;
}

export const INITIAL_KEEPALIVE: KeepaliveState = { nextPingId: 1, pendingPingId: null };

const TIMERS = ["keepalive-tick", "ping-deadline", "session-keepalive"] as const;

export function startKeepalive(draft: Draft): void {
  update(draft, { pendingPingId: null });
  startTimer(
    draft,
    "keepalive/start",
    "keepalive-tick",
    jittered(draft, LIMITS.keepaliveTickMs, 0.2),
  );
  startSessionKeepalive(draft, "keepalive/start");
  startRotation(draft, "keepalive/start");
}

export function stopKeepalive(draft: Draft): void {
  for (const timer of TIMERS) cancelTimer(draft, "keepalive/stop", timer);
  stopRotation(draft, "keepalive/stop");
  update(draft, { pendingPingId: null });
}

/** The config changed: the running interval is replaced at once, the socket stays. */
export function rearmKeepalive(draft: Draft): void {
  if (draft.state.connection.phase !== "open") return;
  cancelTimer(draft, "policy/changed", "session-keepalive");
  startSessionKeepalive(draft, "policy/changed");
  stopRotation(draft, "policy/changed");
  startRotation(draft, "policy/changed");
}

function startSessionKeepalive(draft: Draft, rule: string): void {
  const plan = sessionPlan(draft.state.drops, draft.policy);
  if (plan.mode === "off") return;
  startTimer(draft, rule, "session-keepalive", jittered(draft, plan.intervalMs, 0.2));
}

export function onKeepaliveTick(draft: Draft): boolean {
  const socketId = openSocketId(draft.state);
  if (socketId === null) return false;
  if (healDeafness(draft)) return true;
  emit(draft, "keepalive/sample", { kind: "liveness.sample", socketId });
  return true;
}

/** Frames young enough prove the link; otherwise a ping of our own, with a deadline, asks. */
export function onLivenessSampled(draft: Draft, input: InputOf<"liveness.sampled">): boolean {
  if (openSocketId(draft.state) !== input.socketId) return false;
  if (draft.state.keepalive.pendingPingId !== null) {
    decide(draft, "keepalive/ping-pending");
    return true;
  }
  if (input.frameAgeMs < LIMITS.keepaliveTickMs && input.bufferedBytes === 0) {
    startTimer(
      draft,
      "keepalive/alive",
      "keepalive-tick",
      jittered(draft, LIMITS.keepaliveTickMs, 0.2),
    );
    return true;
  }
  ping(draft, "keepalive/ask", input.socketId);
  return true;
}

/** Asks now, whatever the tick says: after a stall, a jump, a fault or an unanswered send. */
export function probeNow(draft: Draft, rule: string): void {
  const socketId = openSocketId(draft.state);
  if (socketId === null) return;
  if (draft.state.keepalive.pendingPingId !== null) {
    // The running deadline was measured across the anomaly; it starts again so that our own stall is not taken for silence.
    startTimer(draft, rule, "ping-deadline", LIMITS.pingDeadlineMs);
    return;
  }
  cancelTimer(draft, rule, "keepalive-tick");
  ping(draft, rule, socketId);
}

function ping(draft: Draft, rule: string, socketId: SocketId): void {
  const pingId = draft.state.keepalive.nextPingId;
  update(draft, { nextPingId: pingId + 1, pendingPingId: pingId });
  emit(draft, rule, { kind: "ping.send", socketId, pingId, probe: "transport" });
  startTimer(draft, rule, "ping-deadline", LIMITS.pingDeadlineMs);
}

export function onPingAnswered(draft: Draft, input: InputOf<"ping.answered">): boolean {
  if (openSocketId(draft.state) !== input.socketId) return false;
  if (draft.state.keepalive.pendingPingId !== input.pingId) {
    decide(draft, "keepalive/late-answer");
    return true;
  }
  update(draft, { pendingPingId: null });
  cancelTimer(draft, "keepalive/answered", "ping-deadline");
  startTimer(
    draft,
    "keepalive/answered",
    "keepalive-tick",
    jittered(draft, LIMITS.keepaliveTickMs, 0.2),
  );
  return true;
}

/** A ping that could not even be written: the deadline decides, because the socket may be about to report its end. */
export function onPingFailed(draft: Draft, input: InputOf<"ping.failed">): boolean {
  if (openSocketId(draft.state) !== input.socketId) return false;
  decide(draft, "keepalive/ping-failed");
  return true;
}

export function onPingDeadline(draft: Draft): boolean {
  const socketId = openSocketId(draft.state);
  if (socketId === null || draft.state.keepalive.pendingPingId === null) return false;
  retire(draft, "keepalive/silent", socketId, "silent");
  lose(draft, "transport-silence", null);
  return true;
}

export function onSessionKeepaliveDue(draft: Draft): boolean {
  const socketId = openSocketId(draft.state);
  if (socketId === null) return false;
  const plan = sessionPlan(draft.state.drops, draft.policy);
  if (plan.mode === "off") {
    decide(draft, "keepalive/off");
    return true;
  }
  emit(draft, "keepalive/session", { kind: "keepalive.send", socketId, mode: plan.mode });
  startSessionKeepalive(draft, "keepalive/session");
  return true;
}

export function onKeepaliveWritten(draft: Draft, input: InputOf<"keepalive.written">): boolean {
  if (openSocketId(draft.state) !== input.socketId) return false;
  decide(draft, input.written ? "keepalive/written" : "keepalive/not-written");
  return true;
}

/** An ack that is overdue is the earliest sign of a dead link. */
export function suspectLink(draft: Draft): void {
  if (hasTimer(draft, "ping-deadline")) return;
  probeNow(draft, "keepalive/suspect");
}

function openSocketId(state: AccountState): SocketId | null {
  return state.connection.phase === "open" ? state.connection.socketId : null;
}

function update(draft: Draft, change: Partial<KeepaliveState>): void {
  patch(draft, { keepalive: { ...draft.state.keepalive, ...change } });
}
