import { type CauseId, CAUSES } from "../core/index.ts";
import type { AccountId, LogRecord } from "../events/index.ts";
import { isImported } from "../recorder/importers/index.ts";
import { causeOfClose, isOutage, type OutageCauseId } from "./outage-cause.ts";
import type { Outage, Recovered } from "./outage.ts";
import type { TimedRecord } from "./timed-record.ts";

/** What must be remembered of one account to tell its outages. Plain data. */
export interface OutageState {
  readonly account: AccountId;
  /** `off`: stopped on purpose; nobody expects a connection. */
  readonly connection: "unknown" | "up" | "down" | "off";
  readonly socketId: number | null;
  readonly current: Outage | null;
  /** The latest, oldest first. */
  readonly past: readonly Outage[];
  /** Outages that were let go because there are too many. */
  readonly forgotten: number;
  readonly by: Outage["by"];
  /** The account has records of this plugin; lines of the gateway beside them are remarks. */
  readonly isRecorded: boolean;
  /** The log tells what the official plugin decided, e.g. an incident completed from a report. */
  readonly isReported: boolean;
  /** Why the socket in use is being closed by the plugin itself. */
  readonly closing: OutageCauseId | null;
  readonly lastStall: { readonly wallMs: number; readonly stallMs: number } | null;
  readonly firstMs: number;
  readonly lastMs: number;
  readonly messages: number;
  readonly failedSends: number;
  readonly dropped: number;
}

/** Outages kept per account; a day of a drop every five minutes stays below. */
export const MAX_OUTAGES = 500;
/** A stall explains a loss that follows within this time: keepalive answers were missed meanwhile. */
const STALL_EXPLAINS_MS = 120_000;
/** A report and the fold date the beginning by records a moment apart. */
const SAME_BEGIN_MS = 5_000;

export function initialOutageState(account: AccountId, wallMs: number): OutageState {
  return {
    account,
    connection: "unknown",
    socketId: null,
    current: null,
    past: [],
    forgotten: 0,
    by: "whatsapp-continuity",
    isRecorded: false,
    isReported: false,
    closing: null,
    lastStall: null,
    firstMs: wallMs,
    lastMs: wallMs,
    messages: 0,
    failedSends: 0,
    dropped: 0,
  };
}

/** Folds one record of the account; records of other accounts must not be given. Pure and total. */
export function foldOutages(before: OutageState, timed: TimedRecord): OutageState {
  const { record } = timed;
  const imported = isImported(record);
  const state: OutageState = {
    ...before,
    lastMs: Math.max(before.lastMs, timed.wallMs),
    isRecorded: before.isRecorded || !imported,
    by: runnerOf(before, imported),
  };
  if (imported && before.isRecorded) return foldRemark(state, timed);
  switch (record.kind) {
    case "controller.started":
      return onStarted(state, timed);
    case "absence.restored":
      return onAbsence(state, timed, record);
    case "controller.stopped":
      return onStopped(state, timed, record.reason);
    case "socket.open":
      return { ...countAttempt(state), socketId: record.socketId };
    case "socket.close":
      return onClosing(state, timed, record.socketId, CLOSING_CAUSES[record.reason]);
    case "socket.opened":
      return end({ ...state, socketId: record.socketId, connection: "up" }, timed.wallMs);
    case "socket.closed":
      return onClosed(state, timed, record);
    case "status.publish":
      return onStatus(state, timed, record);
    case "reported.decide":
      return onReported(state, timed, record);
    case "outage.report":
      return onReport(state, timed, record);
    case "loop.stalled":
      return noteStall(state, timed.wallMs, record.stallMs);
    case "message.journalled":
      return record.fromMe ? state : { ...state, messages: state.messages + 1 };
    case "send.settle":
      return record.outcome === "acked" || record.outcome === "cancelled"
        ? state
        : { ...state, failedSends: state.failedSends + 1 };
    case "message.orphaned":
      return { ...state, dropped: state.dropped + 1 };
    default:
      return state;
  }
}

function runnerOf(before: OutageState, imported: boolean): Outage["by"] {
  if (before.isReported) return "official-plugin";
  return before.isRecorded || !imported ? "whatsapp-continuity" : "official-plugin";
}

/** The gateway's own lines about an account whose records are there: the records already say what became of it. */
function foldRemark(state: OutageState, { record, wallMs }: TimedRecord): OutageState {
  return record.kind === "loop.stalled" ? noteStall(state, wallMs, record.stallMs) : state;
}

type RecordOf<K extends LogRecord["kind"]> = Extract<LogRecord, { kind: K }>;

const CLOSING_CAUSES: Readonly<Record<RecordOf<"socket.close">["reason"], OutageCauseId | null>> = {
  stopped: null,
  superseded: null,
  silent: "transport-silence",
  deaf: "session-deaf",
  "connect-limit": "connect-limit",
  operator: "operator-restart",
  fault: "own-fault",
  // Planned, and over in a second.
  rotated: null,
};

function onStarted(state: OutageState, timed: TimedRecord): OutageState {
  const started: OutageState = { ...state, closing: null, socketId: null };
  // A start while connected, without a stop before it: the process went away underneath.
  return state.connection === "up" ? begin(started, timed, "process-restart") : started;
}

/** The plugin knows since when nothing ran, which a log of the new process alone does not show. */
function onAbsence(
  state: OutageState,
  timed: TimedRecord,
  record: RecordOf<"absence.restored">,
): OutageState {
  const startMs = timed.wallMs - record.awayAgeMs;
  const how = record.how === "stopped" ? "gateway-stopped" : "gateway-died";
  const cause = Object.hasOwn(CAUSES, record.causeId ?? "") ? (record.causeId as CauseId) : how;
  const isOlder = state.current !== null && state.current.startMs < startMs - SAME_BEGIN_MS;
  // An outage that this very log shows from its beginning is known better.
  if (isOlder) return state;
  const begun = begin({ ...state, current: null }, timed, cause);
  return begun.current === null ? begun : { ...begun, current: { ...begun.current, startMs } };
}

function onStopped(
  state: OutageState,
  timed: TimedRecord,
  reason: RecordOf<"controller.stopped">["reason"],
): OutageState {
  if (reason === "restart" || reason === "reload") {
    return state.connection === "up" ? begin(state, timed, "gateway-restart") : state;
  }
  return { ...end(state, timed.wallMs), connection: "off", socketId: null };
}

function onClosing(
  state: OutageState,
  timed: TimedRecord,
  socketId: number,
  cause: OutageCauseId | null,
): OutageState {
  if (cause === null || (state.socketId !== null && state.socketId !== socketId)) return state;
  return begin({ ...state, closing: cause, socketId: null }, timed, cause);
}

function onClosed(
  state: OutageState,
  timed: TimedRecord,
  record: RecordOf<"socket.closed">,
): OutageState {
  const isRetired = state.socketId !== null && record.socketId !== state.socketId;
  const isOwnTeardown = record.origin === "local" && state.by === "whatsapp-continuity";
  if (state.connection === "off" || isOwnTeardown) return state;
  // An imported log has no record of an attempt being made, only of its failure.
  if (isRetired && state.by === "whatsapp-continuity") return state;
  const cause = causeOfClose(record.error);
  const closed: OutageState = { ...state, socketId: null, closing: null };
  if (state.connection === "down") {
    const counted = state.by === "official-plugin" ? countAttempt(closed) : closed;
    return noteCause(counted, cause);
  }
  return isOutage(cause) ? begin(closed, timed, cause) : closed;
}

function onStatus(
  state: OutageState,
  timed: TimedRecord,
  record: RecordOf<"status.publish">,
): OutageState {
  if (record.lifecycle === "ready") return end({ ...state, connection: "up" }, timed.wallMs);
  if (record.causeId === null || record.lifecycle === "stopped") return state;
  const cause = record.causeId as CauseId;
  const terminal = record.lifecycle === "blocked";
  if (!terminal && (state.connection !== "up" || !isOutage(cause))) return state;
  const down = state.connection === "down" ? state : begin(state, timed, cause);
  if (!terminal || down.current === null) return down;
  const causes = { ...down.current.causes, [cause]: (down.current.causes[cause] ?? 0) + 1 };
  return { ...down, current: { ...down.current, causes, gaveUp: true } };
}

function onReported(
  before: OutageState,
  timed: TimedRecord,
  record: RecordOf<"reported.decide">,
): OutageState {
  const state = record.by === "official-plugin" ? asReported(before) : before;
  switch (record.decision) {
    case "stop":
    case "give-up": {
      const down = state.connection === "down" ? state : begin(state, timed, "unknown");
      return down.current === null ? down : { ...down, current: { ...down.current, gaveUp: true } };
    }
    case "exit":
    case "restart":
      return state.connection === "up" ? begin(state, timed, "gateway-restart") : state;
    case "send-failed":
      return { ...state, failedSends: state.failedSends + 1 };
    case "drop":
      return { ...state, dropped: state.dropped + 1 };
    case "retry":
    case "skip":
    case "open":
    case "send":
    case "other":
      return state;
  }
}

function asReported(state: OutageState): OutageState {
  const by = "official-plugin";
  const current = state.current === null ? null : ({ ...state.current, by } as const);
  return { ...state, isReported: true, by, current };
}

function onReport(
  state: OutageState,
  timed: TimedRecord,
  record: RecordOf<"outage.report">,
): OutageState {
  const baseMs = timed.wallMs - record.at;
  const startMs = baseMs + record.startedAt;
  const recovered: Recovered = {
    offline: record.recoveredOffline,
    history: record.recoveredHistory,
    duplicates: record.duplicates,
    tooOld: record.tooOld,
    unanswered: record.unanswered,
    waiting: record.waiting ?? 0,
  };
  const index = state.past.findLastIndex((o) => Math.abs(o.startMs - startMs) < SAME_BEGIN_MS);
  const known = state.past[index];
  if (known !== undefined) {
    const attempts = Math.max(known.attempts, record.attempts);
    return { ...state, past: state.past.with(index, { ...known, attempts, recovered }) };
  }
  return remember(state, {
    account: state.account,
    startMs,
    endMs: baseMs + record.endedAt,
    causes: { [record.causeId]: 1 },
    attempts: record.attempts,
    gaveUp: false,
    by: "whatsapp-continuity",
    recovered,
    stallMs: 0,
    began: { boot: record.boot, seq: record.seq },
  });
}

function begin(state: OutageState, timed: TimedRecord, cause: OutageCauseId): OutageState {
  if (state.current !== null) return { ...noteCause(state, cause), connection: "down" };
  const stall = state.lastStall;
  const explains = stall !== null && timed.wallMs - stall.wallMs <= STALL_EXPLAINS_MS;
  const current: Outage = {
    account: state.account,
    startMs: timed.wallMs,
    endMs: null,
    causes: { [cause]: 1 },
    attempts: 0,
    gaveUp: false,
    by: state.by,
    recovered: null,
    stallMs: explains ? stall.stallMs : 0,
    began: { boot: timed.record.boot, seq: timed.record.seq },
  };
  return { ...state, connection: "down", current };
}

function end(state: OutageState, wallMs: number): OutageState {
  if (state.current === null) return state;
  const attempts =
    state.by === "official-plugin" ? state.current.attempts + 1 : state.current.attempts;
  return remember({ ...state, current: null }, { ...state.current, attempts, endMs: wallMs });
}

function remember(state: OutageState, outage: Outage): OutageState {
  const excess = state.past.length + 1 - MAX_OUTAGES;
  const kept = excess > 0 ? state.past.slice(excess) : state.past;
  return {
    ...state,
    past: [...kept, outage],
    forgotten: state.forgotten + Math.max(0, excess),
  };
}

function noteCause(state: OutageState, cause: OutageCauseId): OutageState {
  if (state.current === null) return state;
  const { causes } = state.current;
  const counted = { ...causes, [cause]: (causes[cause] ?? 0) + 1 };
  return { ...state, current: { ...state.current, causes: counted } };
}

function countAttempt(state: OutageState): OutageState {
  if (state.current === null) return state;
  return { ...state, current: { ...state.current, attempts: state.current.attempts + 1 } };
}

function noteStall(state: OutageState, wallMs: number, stallMs: number): OutageState {
  const noted: OutageState = { ...state, lastStall: { wallMs, stallMs } };
  if (noted.current === null) return noted;
  const longest = Math.max(noted.current.stallMs, stallMs);
  return { ...noted, current: { ...noted.current, stallMs: longest } };
}
