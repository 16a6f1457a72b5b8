import type { BackfillInput } from "../events/index.ts";
import { accountSoFar } from "./backfill.ts";
import { type Outage, updateBackfill } from "./backfill-state.ts";
import { CAUSES, type CauseId } from "./causes.ts";
import { decide, type Draft } from "./draft.ts";
import type { AccountState, StopPromise } from "./state.ts";

type AbsenceRestored = Extract<BackfillInput, { kind: "absence.restored" }>;

/** What has to be known of an account by whoever starts it next, so that the time in which nothing ran is accounted for as well. */
export interface Standing {
  readonly connected: boolean;
  /** In an orderly way, and whether somebody was to go on with it; null while it runs. */
  readonly stopped: StopPromise | null;
  /** It has had sockets in this process. */
  readonly hasRun: boolean;
  /** Running, or over and not written yet; with what came of it until now. */
  readonly outage: Outage | null;
}

export function standingOf(state: AccountState): Standing {
  const { connection, nextSocketId } = state;
  return {
    connected: connection.phase === "open",
    stopped: connection.phase === "stopped" ? connection.promise : null,
    hasRun: nextSocketId > 1,
    outage: accountSoFar(state),
  };
}

/**
 * The account was connected, or should have been, when it was run last, and nothing ran since: that is an outage like any other. One that ran
 * already goes on with its own beginning and cause.
 */
export function onAbsenceRestored(draft: Draft, input: AbsenceRestored): boolean {
  const { current, nextOutageId } = draft.state.backfill;
  // A journal that could be read only later: the account is back already, and nothing would end this outage.
  if (current !== null || draft.state.connection.phase === "open") {
    decide(draft, "outage/known");
    return true;
  }
  decide(draft, "outage/absent");
  const outage: Outage = {
    outageId: nextOutageId,
    startedAt: draft.at - input.awayAgeMs,
    causeId: causeOf(input),
    attempts: input.attempts ?? 0,
    endedAt: null,
    revision: 0,
    recoveredOffline: input.recoveredOffline ?? 0,
    recoveredHistory: 0,
    duplicates: input.duplicates ?? 0,
    tooOld: input.tooOld ?? 0,
    unanswered: 0,
    givenUp: 0,
    changed: false,
  };
  updateBackfill(draft, { current: outage, nextOutageId: nextOutageId + 1 });
  return true;
}

function causeOf({ how, causeId }: AbsenceRestored): CauseId {
  if (causeId !== undefined) {
    return Object.hasOwn(CAUSES, causeId) ? (causeId as CauseId) : "unknown";
  }
  return how === "stopped" ? "gateway-stopped" : "gateway-died";
}
