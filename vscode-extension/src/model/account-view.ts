import type { AccountId, LogRecord } from "openclaw-whatsapp-continuity-plugin/events";
import type { Phase } from "openclaw-whatsapp-continuity-plugin/core";
import {
  causeOfClose,
  foldOutages,
  initialOutageState,
  isImported,
  type OutageState,
  type TimedRecord,
} from "openclaw-whatsapp-continuity-plugin/explain";

export interface ControllerView {
  readonly controllerId: number;
  readonly startedMs: number;
  /** Null while it runs. */
  readonly stoppedMs: number | null;
  readonly startReason: string;
  readonly stopReason: string | null;
}

export interface SocketView {
  readonly socketId: number;
  readonly stage: "dialing" | "login" | "pairing" | "open" | "ending";
  readonly sinceMs: number;
  readonly attempt: number;
}

export interface KeepaliveView {
  readonly mode: string | null;
  readonly lastMs: number | null;
  readonly pingMs: number | null;
  readonly rttMs: number | null;
  readonly frameAgeMs: number | null;
  readonly failures: number;
}

export interface DrainView {
  readonly announced: number;
  readonly delivered: number;
  readonly journalled: number;
  readonly receipted: number;
  /** Null while it runs. */
  readonly outcome: string | null;
}

export interface BackfillView {
  readonly gaps: number;
  readonly requested: number;
  readonly recovered: number;
  readonly lastEvidence: string | null;
}

export interface SendsView {
  /** Waiting for a socket, by send id. */
  readonly held: readonly string[];
  readonly acked: number;
  readonly failed: number;
}

/** Where an account stands at one record, as the records say. Plain data, so a place in the past can be shown like the present. */
export interface AccountView {
  readonly account: AccountId;
  readonly phase: Phase | "unknown";
  readonly phaseSinceMs: number;
  readonly causeId: string | null;
  readonly attempt: number;
  readonly nextAttemptMs: number | null;
  /** The latest, oldest first; more than one runs while a predecessor ends. */
  readonly controllers: readonly ControllerView[];
  readonly socket: SocketView | null;
  /** Sockets that were told to end and have not reported it. */
  readonly retiring: readonly number[];
  readonly keepalive: KeepaliveView;
  readonly drain: DrainView | null;
  readonly backfill: BackfillView;
  readonly sends: SendsView;
  readonly outages: OutageState;
  readonly records: number;
  readonly lastMs: number;
}

export const CONTROLLERS_KEPT = 10;
const SENDS_KEPT = 1_000;
const RETIRING_KEPT = 16;

export function initialAccountView(account: AccountId, wallMs: number): AccountView {
  return {
    account,
    phase: "unknown",
    phaseSinceMs: wallMs,
    causeId: null,
    attempt: 0,
    nextAttemptMs: null,
    controllers: [],
    socket: null,
    retiring: [],
    keepalive: {
      mode: null,
      lastMs: null,
      pingMs: null,
      rttMs: null,
      frameAgeMs: null,
      failures: 0,
    },
    drain: null,
    backfill: { gaps: 0, requested: 0, recovered: 0, lastEvidence: null },
    sends: { held: [], acked: 0, failed: 0 },
    outages: initialOutageState(account, wallMs),
    records: 0,
    lastMs: wallMs,
  };
}

/** Folds one record of the account. Pure and total; records of other accounts must not be given. */
export function foldAccount(before: AccountView, timed: TimedRecord): AccountView {
  const { record, wallMs } = timed;
  const outages = foldOutages(before.outages, timed);
  const counted: AccountView = { ...before, outages, records: before.records + 1, lastMs: wallMs };
  // Lines of the gateway beside records of the plugin are remarks: the records already say what became of it.
  const isRemark = isImported(record) && outages.isRecorded;
  return isRemark ? counted : foldRecord(counted, record, wallMs);
}

function foldRecord(view: AccountView, record: LogRecord, wallMs: number): AccountView {
  switch (record.kind) {
    case "controller.started":
    case "controller.stopped":
      return foldController(view, record, wallMs);
    case "owner.acquire":
      return enter(view, "claiming", wallMs);
    case "socket.open":
    case "socket.upgraded":
    case "qr.offered":
    case "socket.paired":
    case "socket.opened":
    case "socket.close":
    case "socket.closed":
      return foldSocket(view, record, wallMs);
    case "conflict.inspect":
      return enter(view, "inspecting", wallMs);
    case "timer.start":
      return record.timer === "reconnect"
        ? { ...enter(view, "waiting", wallMs), nextAttemptMs: wallMs + record.delayMs }
        : view;
    case "status.publish":
      return foldStatus(view, record, wallMs);
    case "reported.decide":
      return foldReported(view, record, wallMs);
    default:
      return foldTraffic(view, record, wallMs);
  }
}

type RecordOf<K extends LogRecord["kind"]> = Extract<LogRecord, { kind: K }>;

function enter(view: AccountView, phase: AccountView["phase"], wallMs: number): AccountView {
  if (view.phase === phase) return view;
  return { ...view, phase, phaseSinceMs: wallMs, nextAttemptMs: null };
}

function foldController(
  view: AccountView,
  record: RecordOf<"controller.started" | "controller.stopped">,
  wallMs: number,
): AccountView {
  const { controllerId } = record;
  if (record.kind === "controller.stopped") {
    const controllers = view.controllers.map((controller) =>
      controller.controllerId === controllerId && controller.stoppedMs === null
        ? { ...controller, stoppedMs: wallMs, stopReason: record.reason }
        : controller,
    );
    return { ...enter(view, "stopped", wallMs), controllers, socket: null };
  }
  const started: ControllerView = {
    controllerId,
    startedMs: wallMs,
    stoppedMs: null,
    startReason: record.reason,
    stopReason: null,
  };
  const controllers = [...view.controllers, started].slice(-CONTROLLERS_KEPT);
  return { ...enter(view, "claiming", wallMs), controllers, causeId: null, attempt: 0 };
}

function foldSocket(
  view: AccountView,
  record: RecordOf<
    | "socket.open"
    | "socket.upgraded"
    | "qr.offered"
    | "socket.paired"
    | "socket.opened"
    | "socket.close"
    | "socket.closed"
  >,
  wallMs: number,
): AccountView {
  const { socketId } = record;
  const socket = (stage: SocketView["stage"]): SocketView => ({
    socketId,
    stage,
    sinceMs: wallMs,
    attempt: record.kind === "socket.open" ? record.attempt : (view.socket?.attempt ?? 1),
  });
  const isOther = view.socket !== null && view.socket.socketId !== socketId;
  switch (record.kind) {
    case "socket.open": {
      const attempt = record.attempt;
      return { ...enter(view, "connecting", wallMs), socket: socket("dialing"), attempt };
    }
    case "socket.upgraded":
    case "socket.paired":
      return isOther ? view : { ...view, socket: socket("login") };
    case "qr.offered":
      return isOther ? view : { ...view, socket: socket("pairing") };
    case "socket.opened":
      return { ...enter(view, "open", wallMs), socket: socket("open"), causeId: null };
    case "socket.close": {
      const retiring = [...view.retiring, socketId].slice(-RETIRING_KEPT);
      return isOther ? { ...view, retiring } : { ...view, retiring, socket: null };
    }
    case "socket.closed":
      return foldClosed(view, record, wallMs);
  }
}

function foldClosed(
  view: AccountView,
  record: RecordOf<"socket.closed">,
  wallMs: number,
): AccountView {
  const retiring = view.retiring.filter((id) => id !== record.socketId);
  const wasRetired = retiring.length !== view.retiring.length;
  const isOther = view.socket !== null && view.socket.socketId !== record.socketId;
  if (wasRetired || isOther || view.phase === "stopped" || view.phase === "blocked") {
    return { ...view, retiring };
  }
  const causeId = causeOfClose(record.error);
  return { ...enter(view, "waiting", wallMs), retiring, socket: null, causeId };
}

function foldStatus(
  view: AccountView,
  record: RecordOf<"status.publish">,
  wallMs: number,
): AccountView {
  const { lifecycle, attempt, nextAttemptMs } = record;
  const causeId = record.causeId ?? (lifecycle === "ready" ? null : view.causeId);
  const known: AccountView = { ...view, causeId, attempt };
  switch (lifecycle) {
    case "ready":
      return enter(known, "open", wallMs);
    case "blocked":
      return enter(known, "blocked", wallMs);
    case "stopped":
      return enter(known, "stopped", wallMs);
    case "starting":
      return view.phase === "unknown" ? enter(known, "connecting", wallMs) : known;
    case "recovering": {
      if (nextAttemptMs !== null) {
        return { ...enter(known, "waiting", wallMs), nextAttemptMs: wallMs + nextAttemptMs };
      }
      const isElsewhere = view.phase === "open" || view.phase === "unknown";
      return isElsewhere ? enter(known, "waiting", wallMs) : known;
    }
  }
}

function foldReported(
  view: AccountView,
  record: RecordOf<"reported.decide">,
  wallMs: number,
): AccountView {
  switch (record.decision) {
    case "retry": {
      const nextAttemptMs = record.delayMs === undefined ? null : wallMs + record.delayMs;
      const attempt = view.attempt + 1;
      return { ...enter(view, "waiting", wallMs), nextAttemptMs, attempt };
    }
    case "stop":
    case "give-up":
      return enter(view, "blocked", wallMs);
    case "exit":
    case "restart":
      return { ...enter(view, "waiting", wallMs), socket: null };
    case "send":
      return { ...view, sends: { ...view.sends, acked: view.sends.acked + 1 } };
    case "send-failed":
      return { ...view, sends: { ...view.sends, failed: view.sends.failed + 1 } };
    case "skip":
    case "open":
    case "drop":
    case "other":
      return view;
  }
}

function foldTraffic(view: AccountView, record: LogRecord, wallMs: number): AccountView {
  const { keepalive, backfill, sends } = view;
  switch (record.kind) {
    case "keepalive.written": {
      const failures = keepalive.failures + (record.written ? 0 : 1);
      return { ...view, keepalive: { ...keepalive, mode: record.mode, lastMs: wallMs, failures } };
    }
    case "ping.answered":
      return { ...view, keepalive: { ...keepalive, pingMs: wallMs, rttMs: record.rttMs } };
    case "ping.failed":
      return { ...view, keepalive: { ...keepalive, failures: keepalive.failures + 1 } };
    case "liveness.sampled":
      return { ...view, keepalive: { ...keepalive, frameAgeMs: record.frameAgeMs } };
    case "drain.previewed":
    case "stanza.receipted":
    case "message.journalled":
    case "drain.ended":
    case "drain.close":
      return { ...view, drain: foldDrain(view.drain, record) };
    case "gap.suspected": {
      const { evidence: lastEvidence } = record;
      return { ...view, backfill: { ...backfill, gaps: backfill.gaps + 1, lastEvidence } };
    }
    case "history.request":
      return { ...view, backfill: { ...backfill, requested: backfill.requested + 1 } };
    case "history.answered": {
      const recovered = backfill.recovered + record.recovered;
      return { ...view, backfill: { ...backfill, recovered } };
    }
    case "send.hold": {
      const held = [...sends.held.filter((id) => id !== record.sendId), record.sendId];
      return { ...view, sends: { ...sends, held: held.slice(-SENDS_KEPT) } };
    }
    case "send.dispatch":
    case "send.settle":
      return { ...view, sends: foldSend(sends, record) };
    default:
      return view;
  }
}

function foldSend(sends: SendsView, record: RecordOf<"send.dispatch" | "send.settle">): SendsView {
  const isHeld = sends.held.includes(record.sendId);
  const held = isHeld ? sends.held.filter((id) => id !== record.sendId) : sends.held;
  if (record.kind === "send.dispatch") return isHeld ? { ...sends, held } : sends;
  const isAcked = record.outcome === "acked";
  const isFailed = !isAcked && record.outcome !== "cancelled";
  return {
    held,
    acked: sends.acked + (isAcked ? 1 : 0),
    failed: sends.failed + (isFailed ? 1 : 0),
  };
}

function foldDrain(
  drain: DrainView | null,
  record: RecordOf<
    "drain.previewed" | "stanza.receipted" | "message.journalled" | "drain.ended" | "drain.close"
  >,
): DrainView | null {
  switch (record.kind) {
    case "drain.previewed": {
      const { announced } = record;
      return { announced, delivered: 0, journalled: 0, receipted: 0, outcome: null };
    }
    case "drain.close": {
      const { announced, delivered, journalled, receipted, outcome } = record;
      return { announced, delivered, journalled, receipted, outcome };
    }
    case "message.journalled": {
      if (drain === null || drain.outcome !== null || record.via !== "offline") return drain;
      return { ...drain, journalled: drain.journalled + 1 };
    }
    case "stanza.receipted":
      if (drain === null || drain.outcome !== null) return drain;
      return { ...drain, receipted: drain.receipted + 1 };
    case "drain.ended": {
      if (drain === null) return null;
      // The official plugin closes no ledger; where nothing was kept there is nothing to wait for.
      const outcome = drain.announced === 0 && record.delivered === 0 ? "complete" : drain.outcome;
      return { ...drain, delivered: record.delivered, outcome };
    }
  }
}
