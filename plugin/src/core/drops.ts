import type { KeepaliveInput } from "../events/index.ts";
import { decide, type Draft, emit, patch } from "./draft.ts";
import { probeNow } from "./keepalive.ts";
import { LIMITS } from "./limits.ts";
import type { Policy } from "./policy.ts";
import { ladderOf, type Rung } from "./session-plan.ts";

type InputOf<K extends KeepaliveInput["kind"]> = Extract<KeepaliveInput, { kind: K }>;

/** What is known about drops of an open connection that nobody explained: their rhythm, and who else fell with us. */
export interface DropsState {
  /** When they happened, on the monotonic clock, most recent last; bounded. */
  readonly times: readonly number[];
  /** Those among them that came together with a drop of another account. */
  readonly common: readonly number[];
  /** How many rungs of the ladder were taken. */
  readonly step: number;
  /** Intervals measured since the last step; the ones before it say nothing about the time after it. */
  readonly sinceStep: number;
  /** The rhythm that goes on; null while there is none. */
  readonly rhythm: Rhythm | null;
  /** When other accounts of this gateway last dropped, and how many; null: not yet. */
  readonly neighbours: { readonly at: number; readonly accounts: number } | null;
}

interface Rhythm {
  readonly drops: number;
  readonly medianMs: number;
  /** With no rung left it is told again when it has this many drops. */
  readonly toldAgainAt: number;
}

export const INITIAL_DROPS: DropsState = {
  times: [],
  common: [],
  step: 0,
  sinceStep: 0,
  rhythm: null,
  neighbours: null,
};

/**
 * Remembers an unexplained drop of an open connection, and answers a regular interval by the next rung of the ladder (#63410). With no rung
 * left the rhythm is told each time its drops have doubled: a metronome of weeks is a handful of lines.
 */
export function noteDrop(draft: Draft): void {
  const before = draft.state.drops;
  const last = before.times.at(-1);
  const times = [...before.times, draft.at].slice(-LIMITS.dropsRemembered);
  const sinceStep = last === undefined ? 0 : before.sinceStep + 1;
  update(draft, { times, sinceStep });
  noteRhythm(draft, before.rhythm, last);
  const { neighbours } = draft.state.drops;
  if (neighbours !== null && draft.at - neighbours.at <= LIMITS.commonDropMs) {
    correlate(draft, neighbours.accounts, draft.at - neighbours.at);
  }
  answerRhythm(draft);
}

function noteRhythm(draft: Draft, rhythm: Rhythm | null, last: number | undefined): void {
  const { times } = draft.state.drops;
  const goesOn = rhythm !== null && last !== undefined && isNear(draft.at - last, rhythm.medianMs);
  if (goesOn) {
    const drops = rhythm.drops + 1;
    const medianMs = medianOf(intervalsOf(times.slice(-drops)));
    update(draft, { rhythm: { ...rhythm, drops, medianMs } });
    return;
  }
  const recent = times.slice(-LIMITS.dropsForPattern);
  const medianMs = regularInterval(recent);
  const found =
    medianMs === null ? null : { drops: recent.length, medianMs, toldAgainAt: recent.length };
  update(draft, { rhythm: found });
}

function answerRhythm(draft: Draft): void {
  const { rhythm, sinceStep, step } = draft.state.drops;
  if (rhythm === null || sinceStep < LIMITS.dropsForPattern - 1) return;
  const answer = nextRung(step, draft.policy);
  if (answer === null && rhythm.drops < rhythm.toldAgainAt) return;
  const { drops, medianMs } = rhythm;
  emit(draft, "keepalive/regular-drops", {
    kind: "drops.report",
    drops,
    medianMs,
    answer: answer ?? "none",
    note: noteOf(draft),
  });
  update(draft, {
    step: answer === null ? step : step + 1,
    sinceStep: answer === null ? sinceStep : 0,
    rhythm: { ...rhythm, toldAgainAt: answer === null ? drops * 2 : rhythm.toldAgainAt },
  });
}

/** Null: everything that was allowed has been tried, or nothing is. */
function nextRung(step: number, policy: Policy): Rung | null {
  return policy.keepalive.adaptive ? (ladderOf(policy)[step] ?? null) : null;
}

function noteOf(draft: Draft): string | null {
  const { rhythm, times, common } = draft.state.drops;
  const remembered = times.slice(-(rhythm?.drops ?? 0));
  const together = remembered.filter((time) => common.includes(time)).length;
  if (together === 0) return null;
  return `${together} of the last ${remembered.length} together with another account of this gateway within ${LIMITS.commonDropMs / 1_000} s: one common cause`;
}

/**
 * Another account of this gateway fell. If we just did as well, the two have one cause; if we are open, the link is asked now and not at its
 * next tick.
 */
export function onNeighbourDropped(draft: Draft, input: InputOf<"neighbour.dropped">): boolean {
  const last = draft.state.drops.times.at(-1);
  update(draft, { neighbours: { at: draft.at, accounts: input.accounts } });
  if (last !== undefined && draft.at - last <= LIMITS.commonDropMs) {
    correlate(draft, input.accounts, draft.at - last);
  } else if (draft.state.connection.phase === "open") {
    probeNow(draft, "keepalive/neighbour-dropped");
  } else {
    decide(draft, "keepalive/neighbour-noted");
  }
  return true;
}

/** Once per drop, however many neighbours follow. */
function correlate(draft: Draft, accounts: number, withinMs: number): void {
  const { times, common } = draft.state.drops;
  const drop = times.at(-1);
  if (drop === undefined || common.includes(drop)) {
    decide(draft, "keepalive/neighbour-noted");
    return;
  }
  update(draft, { common: [...common, drop].slice(-LIMITS.dropsRemembered) });
  emit(draft, "keepalive/common-drop", { kind: "drops.correlate", accounts, withinMs });
}

/** The median interval if all intervals lie close to it, else null. */
function regularInterval(drops: readonly number[]): number | null {
  if (drops.length < LIMITS.dropsForPattern) return null;
  const intervals = intervalsOf(drops);
  const median = medianOf(intervals);
  const isRegular = intervals.every((interval) => isNear(interval, median));
  return isRegular && median > LIMITS.stableMs ? median : null;
}

function isNear(interval: number, median: number): boolean {
  return Math.abs(interval - median) <= median * LIMITS.dropTolerance;
}

function intervalsOf(times: readonly number[]): readonly number[] {
  return times.slice(1).map((time, index) => time - (times[index] ?? time));
}

function medianOf(intervals: readonly number[]): number {
  const sorted = intervals.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

function update(draft: Draft, change: Partial<DropsState>): void {
  patch(draft, { drops: { ...draft.state.drops, ...change } });
}
