import type { Effect } from "../../events/index.ts";

/** Decisions that only say something to people or to other parts. */
const UNANSWERED = [
  "placeholder.request",
  "message.hold",
  "owner.notify",
  "owner.release",
  "status.publish",
  "alert.raise",
  "alert.clear",
  "event.drop",
  "input.refuse",
  "invariant.report",
  "reported.decide",
  "drops.report",
  "drops.correlate",
  "session.reset",
  "drain.close",
  "gap.open",
  "gap.close",
  "outage.report",
  "send.hold",
  "journal.quarantine",
] as const satisfies readonly Effect["kind"][];
type Unanswered = Extract<Effect, { kind: (typeof UNANSWERED)[number] }>;

export function isUnanswered(effect: Effect): effect is Unanswered {
  return UNANSWERED.some((kind) => kind === effect.kind);
}
