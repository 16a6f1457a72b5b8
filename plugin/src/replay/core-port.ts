import {
  type AccountState,
  findBreach,
  initialState,
  type InvariantBreach,
  type Policy,
  restoreCheckpoint,
  type Step,
  transition,
} from "../core/index.ts";
import type { AccountId, Input } from "../events/index.ts";

/** The decisions a replay asks: this package's core, or another build of it (a workspace's own, an older release). */
export interface ReplayCore<S> {
  initialState(account: AccountId, seed: string): S;
  /** Where an account stood when a log that begins in the middle of a run begins; total. */
  restoreCheckpoint(
    account: AccountId,
    seed: string,
    value: unknown,
  ): { readonly state: S; readonly policy: Policy };
  transition(state: S, input: Input, at: number, policy: Policy): Step<S>;
  findBreach(state: S): InvariantBreach | null;
}

export const currentCore: ReplayCore<AccountState> = {
  initialState,
  restoreCheckpoint,
  transition,
  findBreach,
};
