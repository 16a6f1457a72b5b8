import {
  type AccountState,
  findBreach,
  initialState,
  type InvariantBreach,
  type Policy,
  type Step,
  transition,
} from "../core/index.ts";
import type { AccountId, Input } from "../events/index.ts";

/** The decisions a replay asks: this package's core, or another build of it (a workspace's own, an older release). */
export interface ReplayCore<S> {
  initialState(account: AccountId, seed: string): S;
  transition(state: S, input: Input, at: number, policy: Policy): Step<S>;
  findBreach(state: S): InvariantBreach | null;
}

export const currentCore: ReplayCore<AccountState> = { initialState, transition, findBreach };
