export { type Standing, standingOf } from "./absence.ts";
export { type BackfillState, type Gap, type Outage } from "./backfill-state.ts";
export { backoffDelayMs, type BackoffProfile } from "./backoff.ts";
export { type Cause, type CauseClass, type CauseId, CAUSES, describeCause } from "./causes.ts";
export { type Checkpoint, restoreCheckpoint, serialiseCheckpoint } from "./checkpoint.ts";
export { classify } from "./classify.ts";
export { type DrainLedger } from "./drain.ts";
export { type DisconnectFacts, extractFacts } from "./facts.ts";
export { findBreach, type InvariantBreach, INVARIANTS } from "./invariants.ts";
export { ladderOf, sessionPlan } from "./session-plan.ts";
export { LIMITS } from "./limits.ts";
export {
  DEFAULT_POLICY,
  type LateAnswer,
  parsePolicy,
  type Policy,
  serialisePolicy,
} from "./policy.ts";
export { describeSendCause, SEND_CAUSES, type SendCauseId } from "./send-causes.ts";
export { type PendingSend } from "./send-queue.ts";
export {
  type AccountState,
  type ConnectionState,
  currentController,
  currentSocket,
  type Phase,
} from "./state.ts";
export { statusOf } from "./status.ts";
export { type RuledEffect, type Step } from "./step.ts";
export { type IdentityMatch, matchIdentities } from "./successor.ts";
export { initialState, transition } from "./transition.ts";
