import { cancelTimer, type Draft, emit, patch, startTimer } from "./draft.ts";

/*
 * An account that is started while it cannot connect has no outage yet, because it was never connected; its owner waits for it all the
 * same.
 */

/** A linked account begins. One that goes on waiting under a new controller has waited since the first. */
export function beginFirstWait(draft: Draft): void {
  const { backfill, recovery } = draft.state;
  const alertMs = draft.policy.alert.afterMs;
  if (alertMs === 0 || backfill.current !== null || recovery.downSinceStart !== null) return;
  patch(draft, { recovery: { ...recovery, downSinceStart: draft.at } });
  startTimer(draft, "start/wait", "alert", alertMs);
}

export function onFirstWaitTooLong(draft: Draft): boolean {
  const { backfill, recovery } = draft.state;
  const { downSinceStart: since, lastCauseId } = recovery;
  if (since === null) return false;
  patch(draft, { backfill: { ...backfill, alerted: true } });
  const causeId = lastCauseId ?? "unknown";
  emit(draft, "start/alert", { kind: "alert.raise", causeId, downMs: draft.at - since });
  return true;
}

/** Connected for the first time. */
export function endFirstWait(draft: Draft): void {
  const { backfill, recovery } = draft.state;
  const { downSinceStart: since } = recovery;
  if (since === null) return;
  cancelTimer(draft, "start/connected", "alert");
  patch(draft, { recovery: { ...recovery, downSinceStart: null } });
  if (!backfill.alerted) return;
  patch(draft, { backfill: { ...backfill, alerted: false } });
  emit(draft, "start/connected", { kind: "alert.clear", downMs: draft.at - since });
}

/** Stopped for good: nobody waits for it any more. */
export function giveUpFirstWait(draft: Draft): void {
  const { recovery } = draft.state;
  if (recovery.downSinceStart === null) return;
  cancelTimer(draft, "stop/final", "alert");
  patch(draft, { recovery: { ...recovery, downSinceStart: null } });
}
