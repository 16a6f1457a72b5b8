import { cancelTimer, decide, type Draft, patch, startTimer } from "./draft.ts";
import { LIMITS } from "./limits.ts";
import { sessionPlan } from "./session-plan.ts";
import { openSocket, recentAttempts, retire, scheduledBudget } from "./sockets.ts";

/*
 * Planned rotation (opt-in): a session that the server cuts by the clock, whatever keeps it alive, is replaced by ourselves before that, in a
 * moment in which nothing is under way. A second's absence that we choose is better than one in the middle of a conversation.
 */

/** The age of the open connection at which it is replaced. */
export function startRotation(draft: Draft, rule: string): void {
  const { rotateAfterMs } = sessionPlan(draft.state.drops, draft.policy);
  if (rotateAfterMs !== null) startTimer(draft, rule, "rotation", rotateAfterMs);
}

export function stopRotation(draft: Draft, rule: string): void {
  cancelTimer(draft, rule, "rotation");
}

export function onRotationDue(draft: Draft): boolean {
  const { connection } = draft.state;
  if (connection.phase !== "open") return false;
  if (sessionPlan(draft.state.drops, draft.policy).rotateAfterMs === null) {
    decide(draft, "rotation/off");
    return true;
  }
  if (!isQuiet(draft)) {
    startTimer(draft, "rotation/not-now", "rotation", LIMITS.rotationRetryMs);
    return true;
  }
  const { controllerId, socketId } = connection;
  retire(draft, "rotation/replace", socketId, "rotated");
  patch(draft, { recovery: { ...draft.state.recovery, lastCauseId: "planned-rotation" } });
  openSocket(draft, "rotation/replace", controllerId, false);
  return true;
}

/** Nothing is being sent or delivered, nobody wrote just now, and there is room in the hour's attempts for what may go wrong. */
function isQuiet(draft: Draft): boolean {
  const { sends, drain, hearing } = draft.state;
  return (
    sends.pending.length === 0 &&
    drain.ledger?.phase !== "draining" &&
    draft.at - (hearing.lastInboundAt ?? -Infinity) >= LIMITS.rotationQuietMs &&
    recentAttempts(draft).length < scheduledBudget(draft.policy) / 2
  );
}
