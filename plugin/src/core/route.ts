import type { BackfillInput, Effect, Input } from "../events/index.ts";
import { onAbsenceRestored } from "./absence.ts";
import * as backfill from "./backfill.ts";
import { onBurstDeadline, onNoticeRestored } from "./bursts.ts";
import { onConflictInspected, onConflictProbe } from "./conflict.ts";
import * as connection from "./connection.ts";
import { decide, type Draft, patch } from "./draft.ts";
import * as drain from "./drain.ts";
import { onNeighbourDropped } from "./drops.ts";
import * as gaps from "./gaps.ts";
import * as history from "./history.ts";
import { onFirstWaitTooLong } from "./first-wait.ts";
import * as keepalive from "./keepalive.ts";
import * as recovery from "./recovery.ts";
import { onRestored } from "./restored.ts";
import { onRotationDue } from "./rotation.ts";
import * as sends from "./sends.ts";
import { type AccountState, currentSocket } from "./state.ts";
import { onStatusRefresh } from "./status.ts";
import * as supervision from "./supervision.ts";

/**
 * Hands an input to the slice that owns its kind. False means that the slice has no use for it in the present phase; the
 * transition then records a refusal.
 */
export function routeInput(draft: Draft, input: Input): boolean {
  switch (input.kind) {
    case "controller.started":
      return supervision.onControllerStarted(draft, input);
    case "controller.stopped":
      return supervision.onControllerStopped(draft, input);
    case "operator.acted":
      return supervision.onOperatorActed(draft, input);
    case "policy.changed":
      decide(draft, "policy/changed");
      keepalive.rearmKeepalive(draft);
      history.forgetPace(draft);
      return true;
    case "loop.stalled":
    case "clock.jumped":
      return supervision.onTimeAnomaly(draft);
    case "fault.raised":
      return supervision.onFaultRaised(draft, input);
    case "owner.resolved":
    case "socket.upgraded":
    case "qr.offered":
    case "socket.paired":
    case "socket.opened":
    case "socket.closed":
    case "timer.fired":
    case "network.probed":
    case "credentials.changed":
    case "version.resolved":
      return routeConnection(draft, input);
    case "conflict.inspected":
      return onConflictInspected(draft, input);
    case "liveness.sampled":
      return keepalive.onLivenessSampled(draft, input);
    case "ping.answered":
      return keepalive.onPingAnswered(draft, input);
    case "ping.failed":
      return keepalive.onPingFailed(draft, input);
    case "keepalive.written":
      return keepalive.onKeepaliveWritten(draft, input);
    case "neighbour.dropped":
      return onNeighbourDropped(draft, input);
    case "send.requested":
    case "send.written":
    case "send.acked":
    case "send.receipted":
    case "send.failed":
    case "send.cancelled":
    case "identity.mapped":
      return routeSends(draft, input);
    case "drain.previewed":
    case "stanza.received":
    case "drain.ended":
    case "message.journalled":
    case "stanza.receipted":
    case "message.orphaned":
    case "message.skipped":
    case "message.settled":
    case "notice.restored":
      return routeDrain(draft, input);
    case "gap.suspected":
    case "chat.restored":
    case "history.restored":
    case "outage.restored":
    case "gap.restored":
    case "absence.restored":
    case "history.answered":
    case "history.failed":
      return routeBackfill(draft, input);
  }
}

type Of<K extends Input["kind"]> = Extract<Input, { kind: K }>;

function routeBackfill(draft: Draft, input: BackfillInput): boolean {
  switch (input.kind) {
    case "gap.suspected":
      return gaps.onGapSuspected(draft, input);
    case "chat.restored":
    case "history.restored":
    case "outage.restored":
    case "gap.restored":
      return onRestored(draft, input);
    case "absence.restored":
      return onAbsenceRestored(draft, input);
    case "history.answered":
      return history.onHistoryAnswered(draft, input);
    case "history.failed":
      return history.onHistoryFailed(draft, input);
  }
}

function routeConnection(
  draft: Draft,
  input: Of<
    | "owner.resolved"
    | "socket.upgraded"
    | "qr.offered"
    | "socket.paired"
    | "socket.opened"
    | "socket.closed"
    | "timer.fired"
    | "network.probed"
    | "credentials.changed"
    | "version.resolved"
  >,
): boolean {
  if ("socketId" in input && input.kind !== "socket.closed") {
    if (currentSocket(draft.state.connection) !== input.socketId) return false;
  }
  switch (input.kind) {
    case "owner.resolved":
      return connection.onOwnerResolved(draft, input);
    case "socket.upgraded":
      return connection.onSocketUpgraded(draft);
    case "qr.offered":
      return connection.onQrOffered(draft);
    case "socket.paired":
      return connection.onSocketPaired(draft, input);
    case "socket.opened":
      return connection.onSocketOpened(draft, input);
    case "socket.closed":
      return connection.onSocketClosed(draft, input);
    case "timer.fired":
      return routeTimer(draft, input);
    case "network.probed":
      return recovery.onNetworkProbed(draft, input.result === "reachable");
    case "credentials.changed":
      decide(draft, `credentials/${input.state}`);
      if (input.state === "foreign") sends.onForeignCredentials(draft, input.self);
      return true;
    case "version.resolved":
      return recovery.onVersionResolved(draft);
  }
}

/** A timer counts only while the state still lists it: a late one of an earlier phase finds nothing and is dropped. */
function routeTimer(draft: Draft, input: Of<"timer.fired">): boolean {
  const running = draft.state.timers.find((timer) => timer.timerId === input.timerId);
  if (running === undefined) return false;
  patch(draft, { timers: draft.state.timers.filter((timer) => timer !== running) });
  const subject = running.subject ?? "";
  switch (running.timer) {
    case "reconnect":
      return recovery.onReconnectDue(draft);
    case "connect-limit":
      return connection.onConnectLimit(draft);
    case "stable":
      return connection.onStable(draft);
    case "owner-retry":
      return connection.onOwnerRetry(draft);
    case "network-probe":
      return recovery.onNetworkProbeDue(draft);
    case "status-refresh":
      return onStatusRefresh(draft);
    case "keepalive-tick":
      return keepalive.onKeepaliveTick(draft);
    case "ping-deadline":
      return keepalive.onPingDeadline(draft);
    case "session-keepalive":
      return keepalive.onSessionKeepaliveDue(draft);
    case "rotation":
      return onRotationDue(draft);
    case "conflict-probe":
      return onConflictProbe(draft);
    case "drain-pull":
      return drain.onDrainPullDue(draft);
    case "drain-limit":
      return drain.onDrainLimit(draft);
    case "send-deadline":
      return sends.onSendDeadline(draft, subject);
    case "ack-deadline":
      return sends.onAckDeadline(draft, subject);
    case "history-deadline":
      return subject === backfill.OUTAGE
        ? gaps.onOutageDeadline(draft)
        : history.onHistoryDeadline(draft, subject);
    case "history-pace":
      return history.onHistoryPace(draft);
    case "burst-deadline":
      return onBurstDeadline(draft);
    case "alert":
      return backfill.onAlertDue(draft) || onFirstWaitTooLong(draft);
    case "credential-recheck":
      return false;
  }
}

function routeSends(
  draft: Draft,
  input: Of<
    | "send.requested"
    | "send.written"
    | "send.acked"
    | "send.receipted"
    | "send.failed"
    | "send.cancelled"
    | "identity.mapped"
  >,
): boolean {
  switch (input.kind) {
    case "send.requested":
      return sends.onSendRequested(draft, input);
    case "send.written":
      return sends.onSendWritten(draft, input);
    case "send.acked":
      return sends.onSendAcked(draft, input);
    case "send.receipted":
      return sends.onSendReceipted(draft, input);
    case "send.failed":
      return sends.onSendFailed(draft, input);
    case "send.cancelled":
      return sends.onSendCancelled(draft, input);
    case "identity.mapped":
      return sends.onIdentityMapped(draft, input);
  }
}

function routeDrain(
  draft: Draft,
  input: Of<
    | "drain.previewed"
    | "stanza.received"
    | "drain.ended"
    | "message.journalled"
    | "stanza.receipted"
    | "message.orphaned"
    | "message.skipped"
    | "message.settled"
    | "notice.restored"
  >,
): boolean {
  switch (input.kind) {
    case "drain.previewed":
      return drain.onDrainPreviewed(draft, input);
    case "stanza.received":
      return drain.onStanzaReceived(draft, input);
    case "drain.ended":
      return drain.onDrainEnded(draft, input);
    case "message.journalled":
      return drain.onMessageJournalled(draft, input);
    case "stanza.receipted":
      return drain.onStanzaReceipted(draft, input);
    case "message.orphaned":
      return drain.onMessageOrphaned(draft, input);
    case "message.skipped":
      return drain.onMessageSkipped(draft, input);
    case "message.settled":
      return drain.onMessageSettled(draft, input);
    case "notice.restored":
      return onNoticeRestored(draft, input);
  }
}

/** Why an input found no use: it belongs to something that is over, or (null) the phase has no use for its kind. */
export function unhandledReason(
  before: AccountState,
  input: Input,
): Extract<Effect, { kind: "event.drop" }>["why"] | null {
  if (input.kind === "timer.fired") {
    const isKnown = before.timers.some((timer) => timer.timerId === input.timerId);
    return isKnown ? null : "retired-timer";
  }
  if (input.kind === "controller.stopped") return "retired-controller";
  if ("sendId" in input) return "unknown-send";
  if ("socketId" in input && input.socketId !== null && input.kind !== "conflict.inspected") {
    return currentSocket(before.connection) === input.socketId ? null : "retired-socket";
  }
  return null;
}
