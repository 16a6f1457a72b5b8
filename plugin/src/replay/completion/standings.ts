import { type AccountState, type Standing, standingOf } from "../../core/index.ts";
import type { AccountId, Input } from "../../events/index.ts";

interface LastStanding extends Standing {
  readonly epochMs: number;
  /** Of the run's clock: when that run's time began. */
  readonly bootEpochMs: number;
}

/** How each account stood when it was heard of last: what the plugin keeps over the end of a process (`runtime/sign-of-life.ts`). */
export class Standings {
  readonly #known = new Map<AccountId, LastStanding>();

  note(account: AccountId, state: AccountState, now: Omit<LastStanding, keyof Standing>): void {
    const standing = standingOf(state);
    const isStop = standing.stopped !== null && this.#known.get(account)?.stopped === null;
    if (standing.connected || standing.outage !== null || isStop) {
      this.#known.set(account, { ...standing, ...now });
    }
  }

  /** What a start begins with, if the account was connected before, or should have been. */
  absenceOf(account: AccountId, state: AccountState, epochMs: number): Input | null {
    const last = this.#known.get(account);
    const { hasRun, outage: known } = standingOf(state);
    if (last === undefined || known !== null) return null;
    const { outage, stopped } = last;
    if (hasRun && stopped !== "final" && outage === null) return null;
    const sinceMs = outage === null ? last.epochMs : last.bootEpochMs + outage.startedAt;
    return {
      kind: "absence.restored",
      how: stopped === null ? "vanished" : "stopped",
      awayAgeMs: Math.max(0, epochMs - sinceMs),
      ...(outage === null
        ? {}
        : {
            causeId: outage.causeId,
            attempts: outage.attempts,
            recoveredOffline: outage.recoveredOffline,
            duplicates: outage.duplicates,
            tooOld: outage.tooOld,
          }),
    };
  }
}
