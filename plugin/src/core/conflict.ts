import type { ConflictInput } from "../events/index.ts";
import { decide, type Draft, emit, patch, startTimer } from "./draft.ts";
import { LIMITS } from "./limits.ts";
import { block } from "./recovery.ts";
import { awaitOwner, claim, enter, retire } from "./sockets.ts";
import { publishStatus } from "./status.ts";

/**
 * Who took the stream over? Ourselves: the older socket ends and we go on. Anybody else: stop at the first time, because
 * two clients that both reconnect would take the stream from each other for ever (#25591).
 */
export function onConflictInspected(draft: Draft, input: ConflictInput): boolean {
  const { connection } = draft.state;
  if (connection.phase !== "inspecting") return false;
  switch (input.finding) {
    case "own-socket":
      return endOwnSocket(draft, connection.controllerId, input.socketId);
    case "other-process":
      yieldToProcess(draft, connection.controllerId, input.holdsLock === true);
      return true;
    case "external":
      blockExternal(draft, connection.controllerId);
      return true;
  }
}

function endOwnSocket(draft: Draft, controllerId: number, socketId: number | null): boolean {
  const { recovery } = draft.state;
  const ownConflictsInARow = recovery.ownConflictsInARow + 1;
  if (ownConflictsInARow > LIMITS.ownConflictsInARow) {
    blockExternal(draft, controllerId);
    return true;
  }
  const isOurs = socketId !== null && socketId < draft.state.nextSocketId;
  if (isOurs) retire(draft, "conflict/own-socket", socketId, "superseded");
  patch(draft, {
    recovery: { ...recovery, ownConflictsInARow, lastCauseId: "conflict-own-socket" },
  });
  enter(draft, {
    phase: "waiting",
    controllerId,
    causeId: "conflict-own-socket",
    nextAttemptAt: draft.at + LIMITS.ownConflictDelayMs,
    pairing: false,
  });
  startTimer(draft, "conflict/own-socket", "reconnect", LIMITS.ownConflictDelayMs);
  publishStatus(draft, "conflict/own-socket");
  return true;
}

/**
 * Another process of this machine. The one that has the owner lock gives it back when it ends, so it is waited for and nothing is
 * fought over. One that takes the stream again as soon as we are back does not respect the lock; and one that never asked for the lock
 * gives no sign of its end: both need a person.
 */
function yieldToProcess(draft: Draft, controllerId: number, holdsLock: boolean): void {
  const { recovery } = draft.state;
  const ownConflictsInARow = recovery.ownConflictsInARow + 1;
  if (!holdsLock || ownConflictsInARow > LIMITS.processConflictsInARow) {
    block(draft, "conflict/other-process", controllerId, "conflict-other-process");
    return;
  }
  patch(draft, { recovery: { ...recovery, ownConflictsInARow, lastCauseId: "owner-busy" } });
  emit(draft, "conflict/owner-elsewhere", { kind: "owner.release", controllerId });
  awaitOwner(draft, "conflict/owner-elsewhere", controllerId, false);
}

function blockExternal(draft: Draft, controllerId: number): void {
  block(draft, "conflict/external", controllerId, "conflict-external");
  const probeMs = draft.policy.recovery.conflictProbeMs;
  if (probeMs > 0) startTimer(draft, "conflict/external", "conflict-probe", probeMs);
}

/** The one later look that a config may ask for: perhaps the other client is gone. */
export function onConflictProbe(draft: Draft): boolean {
  const { connection } = draft.state;
  if (connection.phase !== "blocked") return false;
  decide(draft, "conflict/probe");
  claim(draft, "conflict/probe", connection.controllerId, false);
  publishStatus(draft, "conflict/probe");
  return true;
}
