import type { Effect } from "../events/index.ts";
import type { CauseId } from "./causes.ts";
import { cancelTimer, type Draft, emit, startTimer } from "./draft.ts";
import { LIMITS } from "./limits.ts";
import type { AccountState } from "./state.ts";

type StatusEffect = Extract<Effect, { kind: "status.publish" }>;

/**
 * Publishes where the account stands, and keeps publishing while it is neither open nor in need of a person: a gateway that hears
 * nothing for two minutes would tear the recovery down.
 */
export function publishStatus(draft: Draft, rule: string): void {
  emit(draft, rule, statusOf(draft.state, draft.at));
  if (needsRefresh(draft.state)) startTimer(draft, rule, "status-refresh", LIMITS.statusRefreshMs);
  else cancelTimer(draft, rule, "status-refresh");
}

export function onStatusRefresh(draft: Draft): boolean {
  if (!needsRefresh(draft.state)) return false;
  publishStatus(draft, "status/refresh");
  return true;
}

function needsRefresh(state: AccountState): boolean {
  switch (state.connection.phase) {
    case "claiming":
    case "connecting":
    case "waiting":
    case "inspecting":
      return true;
    case "idle":
    case "open":
    case "blocked":
    case "stopped":
      return false;
  }
}

/** Status as a pure view of the state; also what the status RPC shows. */
export function statusOf(state: AccountState, at: number): StatusEffect {
  const { connection, recovery } = state;
  const status = (
    lifecycle: StatusEffect["lifecycle"],
    causeId: CauseId | null,
    nextAttemptMs: number | null = null,
  ): StatusEffect => ({
    kind: "status.publish",
    lifecycle,
    connected: connection.phase === "open",
    terminal: connection.phase === "blocked",
    causeId,
    attempt: recovery.attempt,
    nextAttemptMs,
  });
  switch (connection.phase) {
    case "idle":
    case "stopped":
      return status("stopped", null);
    case "claiming":
    case "connecting":
    case "inspecting":
      return status(
        recovery.lastCauseId === null ? "starting" : "recovering",
        recovery.lastCauseId,
      );
    case "waiting": {
      const { nextAttemptAt, causeId } = connection;
      return status(
        "recovering",
        causeId,
        nextAttemptAt === null ? null : Math.max(0, nextAttemptAt - at),
      );
    }
    case "open":
      return status("ready", null);
    case "blocked":
      return status("blocked", connection.causeId);
  }
}
