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
import { LIMITS } from "./limits.ts";
import type { Policy } from "./policy.ts";
import { lose } from "./recovery.ts";
import { retire } from "./sockets.ts";
import type { AccountState } from "./state.ts";

type Mode = Policy["keepalive"]["mode"];
type InputOf<K extends KeepaliveInput["kind"]> = Extract<KeepaliveInput, { kind: K }>;

/** Liveness of the open socket, and what is known about drops that come at a regular interval. */
export interface KeepaliveState {
  readonly nextPingId: number;
  readonly pendingPingId: number | null;
  /** When unexplained drops happened, on the monotonic clock, most recent last. */
  readonly drops: readonly number[];
  /** How many times a regular interval was answered: first by shorter intervals, then by the next mode. */
  readonly step: number;
}

export const INITIAL_KEEPALIVE: KeepaliveState = {
  nextPingId: 1,
  pendingPingId: null,
  drops: [],
  step: 0,
};

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
}

export function stopKeepalive(draft: Draft): void {
  for (const timer of TIMERS) cancelTimer(draft, "keepalive/stop", timer);
  update(draft, { pendingPingId: null });
}

/** The config changed: the running interval is replaced at once, the socket stays. */
export function rearmKeepalive(draft: Draft): void {
  if (draft.state.connection.phase !== "open") return;
  cancelTimer(draft, "policy/changed", "session-keepalive");
  startSessionKeepalive(draft, "policy/changed");
}

function startSessionKeepalive(draft: Draft, rule: string): void {
  const plan = sessionPlan(draft.state.keepalive.step, draft.policy);
  if (plan.mode === "off") return;
  startTimer(draft, rule, "session-keepalive", jittered(draft, plan.intervalMs, 0.2));
}

/**
 * What the steps taken so far amount to: two halvings of the interval, then the next mode that does not suppress the
 * phone's notifications. `presence-available` is never taken unasked.
 */
export function sessionPlan(
  step: number,
  policy: Policy,
): { readonly mode: Mode; readonly intervalMs: number } {
  const { mode, intervalMs } = policy.keepalive;
  const halvings = Math.min(step, 2);
  const shorter = Math.max(LIMITS.shortestSessionKeepaliveMs, intervalMs / 2 ** halvings);
  if (mode === "off" || step <= 2) return { mode, intervalMs: shorter };
  const next =
    mode === "iq" ? "presence-unavailable" : mode === "presence-unavailable" ? "iq" : mode;
  return { mode: next, intervalMs: shorter };
}

export function onKeepaliveTick(draft: Draft): boolean {
  const socketId = openSocketId(draft.state);
  if (socketId === null) return false;
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
  const plan = sessionPlan(draft.state.keepalive.step, draft.policy);
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

/** Remembers an unexplained drop of an open connection and answers a regular interval by the next step (#63410). */
export function noteDrop(draft: Draft): void {
  const { keepalive } = draft.state;
  const drops = [...keepalive.drops, draft.at].slice(-LIMITS.dropsRemembered);
  update(draft, { drops });
  const medianMs = regularInterval(drops);
  if (medianMs === null) return;
  const canAnswer = draft.policy.keepalive.adaptive && draft.policy.keepalive.mode !== "off";
  const answer =
    !canAnswer || keepalive.step >= 3
      ? "none"
      : keepalive.step < 2
        ? "shorter-interval"
        : "next-mode";
  emit(draft, "keepalive/regular-drops", {
    kind: "drops.report",
    drops: drops.length,
    medianMs,
    answer,
    note: null,
  });
  // The intervals before a step say nothing about the time after it.
  update(draft, {
    drops: [draft.at],
    step: answer === "none" ? keepalive.step : keepalive.step + 1,
  });
}

/** The median interval if all intervals lie close to it, else null. */
export function regularInterval(drops: readonly number[]): number | null {
  if (drops.length < LIMITS.dropsForPattern) return null;
  const intervals = drops.slice(1).map((time, index) => time - (drops[index] ?? time));
  const sorted = intervals.toSorted((a, b) => a - b);
  const median = sorted[Math.floor(sorted.length / 2)] ?? 0;
  const isRegular = intervals.every(
    (interval) => Math.abs(interval - median) <= median * LIMITS.dropTolerance,
  );
  return isRegular && median > LIMITS.stableMs ? median : null;
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
