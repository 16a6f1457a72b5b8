import type { ControllerId, RawError, SocketId } from "../events/index.ts";
import { backoffDelayMs, pacedDelayMs } from "./backoff.ts";
import { type CauseId, CAUSES } from "./causes.ts";
import { cancelTimer, type Draft, emit, patch, random, startTimer } from "./draft.ts";
import { type DisconnectFacts, extractFacts } from "./facts.ts";
import { LIMITS } from "./limits.ts";
import { enter, openSocket, recentAttempts, scheduledBudget } from "./sockets.ts";
import { publishStatus } from "./status.ts";

/** A socket that is gone, and why. */
export interface Loss {
  readonly causeId: CauseId;
  readonly controllerId: ControllerId;
  readonly socketId: SocketId;
  readonly pairing: boolean;
  readonly facts: DisconnectFacts;
}

/** Leaves the current socket behind for a cause and decides what follows. */
export function lose(draft: Draft, causeId: CauseId, error: RawError | null): void {
  const { connection } = draft.state;
  if (connection.phase !== "connecting" && connection.phase !== "open") return;
  recover(draft, {
    causeId,
    controllerId: connection.controllerId,
    socketId: connection.socketId,
    pairing: connection.phase === "connecting" && connection.pairing,
    facts: extractFacts(error),
  });
}

/** One decision per class of cause. Transient causes have no attempt limit: a network that comes back must find us trying. */
export function recover(draft: Draft, loss: Loss): void {
  patch(draft, { recovery: { ...draft.state.recovery, lastCauseId: loss.causeId } });
  for (const timer of ["connect-limit", "stable"] as const)
    cancelTimer(draft, closeRule(loss), timer);
  switch (CAUSES[loss.causeId].class) {
    case "transient":
      return retryWithBackoff(draft, loss);
    case "restart":
      return restartAtOnce(draft, loss);
    case "refresh":
      return refreshVersion(draft, loss);
    case "conflict":
      enter(draft, {
        phase: "inspecting",
        controllerId: loss.controllerId,
        socketId: loss.socketId,
      });
      emit(draft, "close/conflict", { kind: "conflict.inspect", socketId: loss.socketId });
      return publishStatus(draft, "close/conflict");
    case "confirm":
      return confirmRejection(draft, loss);
    case "wait":
      return waitAsTold(draft, loss);
    case "permanent":
      return block(draft, "close/permanent", loss.controllerId, loss.causeId);
  }
}

function closeRule(loss: Loss): string {
  return `close/${CAUSES[loss.causeId].class}`;
}

function retryWithBackoff(draft: Draft, loss: Loss): void {
  const { recovery } = draft.state;
  const cause = CAUSES[loss.causeId];
  const attempt = recovery.attempt + 1;
  patch(draft, { recovery: { ...recovery, attempt, rejectionsInARow: 0 } });
  const { maxDelayMs } = draft.policy.recovery;
  const chance = random(draft);
  const delayMs = Math.max(
    Math.min(
      backoffDelayMs(cause.backoff, attempt, maxDelayMs, chance),
      youngOutageMs(draft, loss),
    ),
    pacedDelayMs(recentAttempts(draft), scheduledBudget(draft.policy), draft.at, chance),
  );
  waitForAttempt(draft, "close/transient", loss, delayMs);
  if (cause.network && !draft.state.recovery.probing) {
    patch(draft, { recovery: { ...draft.state.recovery, probing: true } });
    startTimer(draft, "close/transient", "network-probe", LIMITS.networkProbeMs);
  }
}

/**
 * A short outage is not followed by a wait longer than itself: in its first minute no delay is longer than half of the time it has lasted. Not
 * for causes that ask for patience.
 */
function youngOutageMs({ state, at }: Draft, { causeId }: Loss): number {
  const outage = state.backfill.current;
  const isRunning = outage !== null && outage.endedAt === null;
  const ageMs = isRunning ? at - outage.startedAt : LIMITS.youngOutageMs;
  const isYoung = ageMs < LIMITS.youngOutageMs && CAUSES[causeId].backoff === "normal";
  return isYoung ? LIMITS.firstDelayMs + Math.round(ageMs / 2) : Infinity;
}

/** 515: the server itself asked for a new connection, so it is neither a failure nor worth a delay. */
function restartAtOnce(draft: Draft, loss: Loss): void {
  const { recovery } = draft.state;
  const restartsInARow = recovery.restartsInARow + 1;
  patch(draft, { recovery: { ...recovery, restartsInARow } });
  if (restartsInARow > LIMITS.restartsInARow) return retryWithBackoff(draft, loss);
  openSocket(draft, "close/restart", loss.controllerId, false);
}

/** 405: the version is looked up once per outage, never in the connect path; a second refusal needs an update. */
function refreshVersion(draft: Draft, loss: Loss): void {
  const { recovery } = draft.state;
  if (recovery.versionRefreshed) {
    return block(draft, "close/permanent", loss.controllerId, "client-unsupported");
  }
  patch(draft, {
    recovery: { ...recovery, versionRefreshed: true, attempt: recovery.attempt + 1 },
  });
  emit(draft, "close/refresh", { kind: "version.refresh" });
  waitForAttempt(draft, "close/refresh", loss, draft.policy.recovery.maxDelayMs);
}

/** 401 without `device_removed` is believed when three more tries in a row are rejected; see `rejectionWaitsMs` for why not earlier (#5570). */
function confirmRejection(draft: Draft, loss: Loss): void {
  const { recovery } = draft.state;
  const rejectionsInARow = recovery.rejectionsInARow + 1;
  patch(draft, { recovery: { ...recovery, rejectionsInARow, attempt: recovery.attempt + 1 } });
  const waitMs = LIMITS.rejectionWaitsMs[rejectionsInARow - 1];
  if (waitMs === undefined) return block(draft, "close/permanent", loss.controllerId, "logged-out");
  waitForAttempt(draft, "close/confirm", loss, waitMs);
}

/** A temporary ban says how long it lasts; without a time an hour is assumed. */
function waitAsTold(draft: Draft, loss: Loss): void {
  const { recovery } = draft.state;
  patch(draft, { recovery: { ...recovery, attempt: recovery.attempt + 1 } });
  const toldMs =
    loss.facts.expireSeconds === null ? LIMITS.hourMs : loss.facts.expireSeconds * 1_000;
  waitForAttempt(draft, "close/wait", loss, toldMs);
}

function waitForAttempt(draft: Draft, rule: string, loss: Loss, delayMs: number): void {
  enter(draft, {
    phase: "waiting",
    controllerId: loss.controllerId,
    causeId: loss.causeId,
    nextAttemptAt: draft.at + delayMs,
    pairing: loss.pairing,
  });
  startTimer(draft, rule, "reconnect", Math.min(delayMs, LIMITS.longestDelayMs));
  publishStatus(draft, rule);
}

/** Stops trying until a person acts. The owner lock is given back so that a login elsewhere can link the device again. */
export function block(
  draft: Draft,
  rule: string,
  controllerId: ControllerId,
  causeId: CauseId,
): void {
  for (const timer of ["reconnect", "network-probe", "owner-retry"] as const) {
    cancelTimer(draft, rule, timer);
  }
  enter(draft, { phase: "blocked", controllerId, causeId });
  patch(draft, { recovery: { ...draft.state.recovery, lastCauseId: causeId, probing: false } });
  emit(draft, rule, { kind: "owner.release", controllerId });
  publishStatus(draft, rule);
}

/** The `reconnect` timer: try again, unless what the server told is not over yet. */
export function onReconnectDue(draft: Draft): boolean {
  const { connection } = draft.state;
  if (connection.phase !== "waiting") return false;
  const remaining = (connection.nextAttemptAt ?? draft.at) - draft.at;
  if (remaining > 0) {
    startTimer(
      draft,
      "reconnect/continue",
      "reconnect",
      Math.min(remaining, LIMITS.longestDelayMs),
    );
    return true;
  }
  openSocket(draft, "reconnect/due", connection.controllerId, connection.pairing);
  return true;
}

/** The resolver answers: this is when a person would expect the reconnect, whatever the backoff says. */
export function onNetworkProbed(draft: Draft, reachable: boolean): boolean {
  const { connection, recovery } = draft.state;
  const isWaiting = connection.phase === "waiting" && CAUSES[connection.causeId].network;
  if (!isWaiting) {
    patch(draft, { recovery: { ...recovery, probing: false } });
    return connection.phase !== "idle";
  }
  if (!reachable) {
    patch(draft, { recovery: { ...recovery, networkDown: true } });
    startTimer(draft, "probe/unreachable", "network-probe", LIMITS.networkProbeMs);
    return true;
  }
  patch(draft, { recovery: { ...recovery, probing: false } });
  if (recovery.networkDown || isNameCause(connection.causeId)) {
    openSocket(draft, "probe/reachable", connection.controllerId, connection.pairing);
  } else {
    draft.rule ??= "probe/reachable";
  }
  return true;
}

/** A resolver that answers disproves a name that did not resolve, and a network that was down; a refused port it does not. */
function isNameCause(causeId: CauseId): boolean {
  return causeId === "dns-not-found" || causeId === "dns-temporary";
}

export function onNetworkProbeDue(draft: Draft): boolean {
  const { connection } = draft.state;
  if (connection.phase !== "waiting" || !CAUSES[connection.causeId].network) {
    patch(draft, { recovery: { ...draft.state.recovery, probing: false } });
    draft.rule ??= "probe/not-needed";
    return true;
  }
  emit(draft, "probe/due", { kind: "network.probe" });
  return true;
}

export function onVersionResolved(draft: Draft): boolean {
  const { connection } = draft.state;
  if (connection.phase === "waiting" && connection.causeId === "client-outdated") {
    openSocket(draft, "refresh/retry", connection.controllerId, connection.pairing);
  } else {
    draft.rule ??= "refresh/noted";
  }
  return true;
}
