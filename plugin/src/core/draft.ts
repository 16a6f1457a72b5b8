import type { Effect, RuleId, TimerName } from "../events/index.ts";
import type { Policy } from "./policy.ts";
import { nextRandom } from "./rng.ts";
import type { AccountState } from "./state.ts";
import type { RuledEffect, Step } from "./step.ts";

/**
 * A transition in the making. The slices change the draft; outside a transition nothing of it is visible, so the transition
 * as a whole stays a pure function.
 */
export interface Draft {
  state: AccountState;
  /** The primary rule: the first one that was given. */
  rule: RuleId | null;
  readonly effects: RuledEffect[];
  readonly at: number;
  readonly policy: Policy;
}

export function openDraft(state: AccountState, at: number, policy: Policy): Draft {
  return { state, rule: null, effects: [], at, policy };
}

export function closeDraft(draft: Draft): Step<AccountState> {
  return { state: draft.state, rule: draft.rule ?? "core/unchanged", effects: draft.effects };
}

/** Names the decision; the first name given in a transition is the step's rule. */
export function decide(draft: Draft, rule: RuleId): void {
  draft.rule ??= rule;
}

export function emit(draft: Draft, rule: RuleId, effect: Effect): void {
  decide(draft, rule);
  draft.effects.push({ rule, effect });
}

export function patch(draft: Draft, change: Partial<AccountState>): void {
  draft.state = { ...draft.state, ...change };
}

/** Starts a timer of this name (and subject), replacing a running one. Returns nothing: timers are found by name. */
export function startTimer(
  draft: Draft,
  rule: RuleId,
  timer: TimerName,
  delayMs: number,
  subject: string | null = null,
): void {
  cancelTimer(draft, rule, timer, subject);
  const timerId = draft.state.nextTimerId;
  patch(draft, {
    nextTimerId: timerId + 1,
    timers: [...draft.state.timers, { timerId, timer, subject }],
  });
  emit(draft, rule, {
    kind: "timer.start",
    timerId,
    timer,
    delayMs: Math.max(0, Math.round(delayMs)),
    ...(subject === null ? {} : { subject }),
  });
}

export function cancelTimer(
  draft: Draft,
  rule: RuleId,
  timer: TimerName,
  subject: string | null = null,
): void {
  const running = draft.state.timers.find((t) => t.timer === timer && t.subject === subject);
  if (running === undefined) return;
  patch(draft, { timers: draft.state.timers.filter((t) => t !== running) });
  emit(draft, rule, {
    kind: "timer.cancel",
    timerId: running.timerId,
    timer,
    ...(subject === null ? {} : { subject }),
  });
}

export function hasTimer(draft: Draft, timer: TimerName, subject: string | null = null): boolean {
  return draft.state.timers.some((t) => t.timer === timer && t.subject === subject);
}

/** The next number in [0, 1) of the account's seeded generator. */
export function random(draft: Draft): number {
  const { value, next } = nextRandom(draft.state.rng);
  patch(draft, { rng: next });
  return value;
}

/** `delayMs` +- `share`, for periods that must not be metronomic. */
export function jittered(draft: Draft, delayMs: number, share: number): number {
  return Math.round(delayMs * (1 - share + 2 * share * random(draft)));
}
