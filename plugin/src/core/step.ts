import type { Effect, RuleId } from "../events/index.ts";

/** One decided effect and the rule that decided it. */
export interface RuledEffect {
  readonly rule: RuleId;
  readonly effect: Effect;
}

/** The result of folding one input: the next state, the primary rule, and everything that is to be done. */
export interface Step<S> {
  readonly state: S;
  readonly rule: RuleId;
  readonly effects: readonly RuledEffect[];
}
