import type { SocketId } from "../events/index.ts";
import type { CauseId } from "./causes.ts";
import { type Outage, updateBackfill } from "./backfill-state.ts";
import { cancelTimer, type Draft, emit, startTimer } from "./draft.ts";
import { LIMITS } from "./limits.ts";
import { type AccountState, currentSocket } from "./state.ts";

/** Subject of the timer that closes an outage's account; the others of its name belong to requests to the phone. */
export const OUTAGE = "outage";

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
          givenUp: 0,
          changed: false,
        }
      : { ...resumed, endedAt: null };
  updateBackfill(draft, { current: outage });
  cancelTimer(draft, "outage/resumed", "history-deadline", OUTAGE);
  if (resumed !== null) return;
  updateBackfill(draft, { nextOutageId: backfill.nextOutageId + 1 });
  const alertMs = draft.policy.alert.afterMs;
  if (alertMs > 0) startTimer(draft, "outage/begin", "alert", alertMs);
}

export function countOutageAttempt(draft: Draft): void {
  const { current } = draft.state.backfill;
  if (current === null) return;
  updateBackfill(draft, { current: { ...current, attempts: current.attempts + 1 } });
}

/** Connected again. The account is written when the offline delivery is over, or after a while without one. */
export function endOutage(draft: Draft): void {
  const { current, alerted } = draft.state.backfill;
  cancelTimer(draft, "outage/end", "alert");
  if (current === null) return;
  updateBackfill(draft, { current: { ...current, endedAt: draft.at }, alerted: false });
  if (alerted) {
    emit(draft, "outage/end", { kind: "alert.clear", downMs: draft.at - current.startedAt });
  }
  startTimer(draft, "outage/end", "history-deadline", LIMITS.outageSettleMs, OUTAGE);
}

/** A delivery of a running outage broke off: what it brought belongs to the outage's account all the same. */
export function countBrokenDelivery(draft: Draft, socketId: SocketId): void {
  const { current } = draft.state.backfill;
  if (current === null) return;
  updateBackfill(draft, { current: withDelivery(draft.state, current, socketId) });
}

/** The offline delivery of the socket that ended the outage is closed: its numbers are the account. */
export function settleOutage(draft: Draft): void {
  const { current, past } = draft.state.backfill;
  if (current === null || current.endedAt === null) return;
  const settled = withDelivery(draft.state, current, currentSocket(draft.state.connection));
  cancelTimer(draft, "outage/report", "history-deadline", OUTAGE);
  updateBackfill(draft, {
    current: null,
    past: [...past, settled].slice(-LIMITS.outagesRemembered),
  });
  report(draft, "outage/report", settled);
}

/** The outage that is not written yet, with what its delivery has brought until now. */
export function accountSoFar(state: AccountState): Outage | null {
  const { current } = state.backfill;
  return current === null ? null : withDelivery(state, current, currentSocket(state.connection));
}

function withDelivery(
  { drain: { ledger } }: AccountState,
  outage: Outage,
  socketId: SocketId | null,
): Outage {
  if (ledger === null || ledger.socketId !== socketId) return outage;
  return {
    ...outage,
    recoveredOffline: outage.recoveredOffline + ledger.journalled,
    duplicates: outage.duplicates + ledger.duplicates,
    tooOld: outage.tooOld + ledger.tooOld,
  };
}

export function onAlertDue(draft: Draft): boolean {
  const { current } = draft.state.backfill;
  if (current === null || current.endedAt !== null) return false;
  updateBackfill(draft, { alerted: true });
  // That nothing ran is over; what keeps it from connecting now is another matter.
  const isAbsence = current.causeId === "gateway-stopped" || current.causeId === "gateway-died";
  const { lastCauseId } = draft.state.recovery;
  emit(draft, "outage/alert", {
    kind: "alert.raise",
    causeId: isAbsence ? (lastCauseId ?? current.causeId) : current.causeId,
    downMs: draft.at - current.startedAt,
  });
  return true;
}

/** A message came from the phone that was written at `sentAt`: it corrects the account of the outage of its time. */
export function countFromPhone(
  draft: Draft,
  sentAt: number,
  outageId: number | null,
  counts: Pick<Outage, "recoveredHistory" | "duplicates" | "tooOld">,
): void {
  const { past } = draft.state.backfill;
  const outage =
    past.findLast((each) => wasAwayAt(each, sentAt)) ??
    past.find((each) => each.outageId === outageId);
  if (outage === undefined) return;
  const changed: Outage = {
    ...outage,
    recoveredHistory: outage.recoveredHistory + counts.recoveredHistory,
    duplicates: outage.duplicates + counts.duplicates,
    tooOld: outage.tooOld + counts.tooOld,
    changed: true,
  };
  updateBackfill(draft, { past: past.map((each) => (each === outage ? changed : each)) });
}

/** WhatsApp's times are whole seconds, rounded down. */
const SECOND_MS = 1_000;

function wasAwayAt({ startedAt, endedAt }: Outage, sentAt: number): boolean {
  return sentAt > startedAt - SECOND_MS && sentAt <= (endedAt ?? startedAt);
}

/** A chat about which the phone was asked in vain is let go: its outage remembers it. */
export function countGivenUp(draft: Draft, outageId: number | null): void {
  const past = draft.state.backfill.past.map((outage) =>
    outage.outageId === outageId ? { ...outage, givenUp: outage.givenUp + 1 } : outage,
  );
  updateBackfill(draft, { past });
}

/** Writes an account again when later fills changed it: once they are through, not once per message. */
export function reviseAccounts(draft: Draft): void {
  const { gaps, past } = draft.state.backfill;
  for (const outage of past) {
    const own = gaps.filter((gap) => gap.outageId === outage.outageId);
    if (own.some(({ stage }) => stage === "queued" || stage === "asked")) continue;
    const open = own.filter(({ stage }) => stage === "unanswered").length;
    const unanswered = outage.givenUp + open;
    if (!outage.changed && unanswered === outage.unanswered) continue;
    const revised: Outage = {
      ...outage,
      revision: outage.revision + 1,
      unanswered,
      changed: false,
    };
    updateBackfill(draft, {
      past: draft.state.backfill.past.map((each) =>
        each.outageId === outage.outageId ? revised : each,
      ),
    });
    report(draft, "outage/revise", revised);
  }
}

function report(draft: Draft, rule: string, outage: Outage): void {
  const waiting = draft.state.backfill.gaps.filter(
    (gap) => gap.outageId === outage.outageId && gap.stage === "waiting",
  ).length;
  emit(draft, rule, {
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
    ...(waiting === 0 ? {} : { waiting }),
  });
}
