import type { BackfillInput } from "../events/index.ts";
import type { CauseId } from "./causes.ts";
import { cancelTimer, decide, type Draft, emit, patch, startTimer } from "./draft.ts";
import { LIMITS } from "./limits.ts";

type InputOf<K extends BackfillInput["kind"]> = Extract<BackfillInput, { kind: K }>;

/** The account of one outage: from the loss of an open connection to the end of what was delivered afterwards. */
export interface Outage {
  readonly outageId: number;
  readonly startedAt: number;
  readonly causeId: CauseId;
  readonly attempts: number;
  /** Null while it lasts. */
  readonly endedAt: number | null;
  readonly revision: number;
  readonly recoveredOffline: number;
  readonly recoveredHistory: number;
  readonly duplicates: number;
  readonly tooOld: number;
  readonly unanswered: number;
}

/** Something that points at messages we never saw. */
export interface Gap {
  readonly at: number;
  readonly chat: string | null;
  readonly evidence: InputOf<"gap.suspected">["evidence"];
  readonly messageId: string | null;
}

export interface BackfillState {
  readonly nextOutageId: number;
  /** Running or waiting for its account. */
  readonly current: Outage | null;
  /** Most recent last; bounded. */
  readonly past: readonly Outage[];
  /** Bounded, oldest dropped. */
  readonly gaps: readonly Gap[];
  readonly alerted: boolean;
}

export const INITIAL_BACKFILL: BackfillState = {
  nextOutageId: 1,
  current: null,
  past: [],
  gaps: [],
  alerted: false,
};

/** The open connection is gone, for another reason than a server's restart request or our own stop. */
export function beginOutage(draft: Draft, causeId: CauseId): void {
  const { backfill } = draft.state;
  // An outage that begins before the last one was written continues it: a person sees one outage and not the flapping.
  const resumed = backfill.current;
  const outage: Outage =
    resumed === null
      ? {
          outageId: backfill.nextOutageId,
          startedAt: draft.at,
          causeId,
          attempts: 0,
          endedAt: null,
          revision: 0,
          recoveredOffline: 0,
          recoveredHistory: 0,
          duplicates: 0,
          tooOld: 0,
          unanswered: 0,
        }
      : { ...resumed, endedAt: null };
  update(draft, {
    current: outage,
    nextOutageId: backfill.nextOutageId + (resumed === null ? 1 : 0),
  });
  cancelTimer(draft, "outage/resumed", "history-deadline", OUTAGE);
  const alertMs = draft.policy.alert.afterMs;
  if (alertMs > 0 && resumed === null) startTimer(draft, "outage/begin", "alert", alertMs);
}

/** Subject of the timer that closes an outage's account. */
const OUTAGE = "outage";

export function countOutageAttempt(draft: Draft): void {
  const { current } = draft.state.backfill;
  if (current === null) return;
  update(draft, { current: { ...current, attempts: current.attempts + 1 } });
}

/** Connected again. The account is written when the offline delivery is over, or after a while without one. */
export function endOutage(draft: Draft): void {
  const { current, alerted } = draft.state.backfill;
  cancelTimer(draft, "outage/end", "alert");
  if (current === null) return;
  update(draft, { current: { ...current, endedAt: draft.at }, alerted: false });
  if (alerted) {
    emit(draft, "outage/end", { kind: "alert.clear", downMs: draft.at - current.startedAt });
  }
  startTimer(draft, "outage/end", "history-deadline", LIMITS.outageSettleMs, OUTAGE);
}

/** The offline delivery of the socket that ended the outage is closed: its numbers are the account. */
export function settleOutage(draft: Draft): void {
  const { current, past } = draft.state.backfill;
  if (current === null || current.endedAt === null) return;
  const { ledger } = draft.state.drain;
  const settled: Outage = {
    ...current,
    recoveredOffline: current.recoveredOffline + (ledger?.journalled ?? 0),
    duplicates: current.duplicates + (ledger?.duplicates ?? 0),
    tooOld: current.tooOld + (ledger?.tooOld ?? 0),
  };
  cancelTimer(draft, "outage/report", "history-deadline", OUTAGE);
  update(draft, { current: null, past: [...past, settled].slice(-LIMITS.outagesRemembered) });
  report(draft, settled);
}

export function onOutageDeadline(draft: Draft): boolean {
  settleOutage(draft);
  return true;
}

export function onAlertDue(draft: Draft): boolean {
  const { current } = draft.state.backfill;
  if (current === null || current.endedAt !== null) return false;
  update(draft, { alerted: true });
  emit(draft, "outage/alert", {
    kind: "alert.raise",
    causeId: current.causeId,
    downMs: draft.at - current.startedAt,
  });
  return true;
}

export function onGapSuspected(draft: Draft, input: InputOf<"gap.suspected">): boolean {
  noteGap(draft, "backfill/gap", {
    at: draft.at,
    chat: input.chat,
    evidence: input.evidence,
    messageId: input.messageId ?? null,
  });
  return true;
}

/** What the process before this one left open. */
export function onRestored(draft: Draft): boolean {
  decide(draft, "backfill/restored");
  return true;
}

export function noteGap(draft: Draft, rule: string, gap: Gap): void {
  decide(draft, rule);
  update(draft, { gaps: [...draft.state.backfill.gaps, gap].slice(-LIMITS.gapsRemembered) });
}

/** What the phone sent afterwards corrects the last outage's account, once per answer that brought something. */
export function onHistoryAnswered(draft: Draft, input: InputOf<"history.answered">): boolean {
  const { past } = draft.state.backfill;
  const last = past.at(-1);
  decide(draft, "backfill/answered");
  if (last === undefined || input.recovered + input.duplicates === 0) return true;
  const revised: Outage = {
    ...last,
    revision: last.revision + 1,
    recoveredHistory: last.recoveredHistory + input.recovered,
    duplicates: last.duplicates + input.duplicates,
  };
  update(draft, { past: [...past.slice(0, -1), revised] });
  report(draft, revised);
  return true;
}

export function onHistoryFailed(draft: Draft): boolean {
  decide(draft, "backfill/failed");
  return true;
}

function report(draft: Draft, outage: Outage): void {
  emit(draft, "outage/report", {
    kind: "outage.report",
    outageId: outage.outageId,
    revision: outage.revision,
    startedAt: outage.startedAt,
    endedAt: outage.endedAt ?? draft.at,
    causeId: outage.causeId,
    attempts: outage.attempts,
    recoveredOffline: outage.recoveredOffline,
    recoveredHistory: outage.recoveredHistory,
    duplicates: outage.duplicates,
    tooOld: outage.tooOld,
    unanswered: outage.unanswered,
  });
}

function update(draft: Draft, change: Partial<BackfillState>): void {
  patch(draft, { backfill: { ...draft.state.backfill, ...change } });
}
