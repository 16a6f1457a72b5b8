import type { AccountId } from "../events/index.ts";
import { foldOutages, initialOutageState, type OutageState } from "./outage-fold.ts";
import { describeOutageCause, type OutageCause } from "./outage-cause.ts";
import { durationOf, mainCauseId, type Outage, type Recovered } from "./outage.ts";
import { describeCount, describeDuration } from "./plain-words.ts";
import type { StreamGap, TimedRecord } from "./timed-record.ts";

/** An outage with everything a person needs to know about it. */
export interface ExplainedOutage {
  readonly startMs: number;
  /** Null while it lasts. */
  readonly endMs: number | null;
  readonly durationMs: number;
  readonly cause: OutageCause;
  /** Further causes met during the same outage, as sentences with their number. */
  readonly also: readonly string[];
  readonly attempts: number;
  readonly by: Outage["by"];
  readonly gaveUp: boolean;
  readonly recovered: Recovered | null;
  readonly notes: readonly string[];
  readonly began: Outage["began"];
}

export interface AccountExplanation {
  readonly account: AccountId;
  readonly now: "connected" | "down" | "stopped" | "unknown";
  readonly downMs: number;
  readonly outages: readonly ExplainedOutage[];
  readonly messages: number;
  readonly failedSends: number;
  readonly dropped: number;
  /** What the outages have in common, e.g. a regular interval. */
  readonly patterns: readonly string[];
}

/** The answer to "why was I down?". */
export interface Explanation {
  readonly fromMs: number;
  readonly toMs: number;
  readonly accounts: readonly AccountExplanation[];
  readonly gaps: readonly StreamGap[];
}

export interface ExplainOptions {
  readonly fromMs: number;
  readonly toMs: number;
  readonly account?: AccountId;
}

/** Explains a stream of records that is in the order of its log. Records before `fromMs` are read for context only. */
export function explain(
  records: Iterable<TimedRecord>,
  gaps: readonly StreamGap[],
  options: ExplainOptions,
): Explanation {
  const states = new Map<AccountId, OutageState>();
  for (const timed of records) {
    if (timed.record.kind === "log.header" || timed.wallMs > options.toMs) continue;
    const { account } = timed.record;
    if (options.account !== undefined && account !== options.account) continue;
    const before = states.get(account) ?? initialOutageState(account, timed.wallMs);
    states.set(account, foldOutages(before, timed));
  }
  return explainStates([...states.values()], gaps, options);
}

/** The same from states that were folded elsewhere. */
export function explainStates(
  states: readonly OutageState[],
  gaps: readonly StreamGap[],
  { fromMs, toMs }: ExplainOptions,
): Explanation {
  return {
    fromMs,
    toMs,
    accounts: states.map((state) => explainAccount(state, fromMs, toMs)),
    gaps: gaps.filter((gap) => gap.wallMs >= fromMs && gap.wallMs <= toMs),
  };
}

function explainAccount(state: OutageState, fromMs: number, toMs: number): AccountExplanation {
  const all = state.current === null ? state.past : [...state.past, state.current];
  const outages = all.filter((o) => (o.endMs ?? toMs) >= fromMs && o.startMs <= toMs);
  const downMs = outages.reduce(
    (sum, o) => sum + Math.max(0, Math.min(o.endMs ?? toMs, toMs) - Math.max(o.startMs, fromMs)),
    0,
  );
  return {
    account: state.account,
    now: NOW[state.connection],
    downMs,
    outages: outages.map((outage) => explainOutage(outage, toMs)),
    messages: state.messages,
    failedSends: state.failedSends,
    dropped: state.dropped,
    patterns: patternsOf(outages),
  };
}

const NOW = { up: "connected", down: "down", off: "stopped", unknown: "unknown" } as const;

function explainOutage(outage: Outage, nowMs: number): ExplainedOutage {
  const main = mainCauseId(outage);
  const also = Object.entries(outage.causes)
    .filter(([id]) => id !== main)
    .map(([id, times]) => `${describeOutageCause(id).sentence} (${times}x)`);
  return {
    startMs: outage.startMs,
    endMs: outage.endMs,
    durationMs: durationOf(outage, nowMs),
    cause: adviseFor(outage, describeOutageCause(main)),
    also,
    attempts: outage.attempts,
    by: outage.by,
    gaveUp: outage.gaveUp,
    recovered: outage.recovered,
    notes: notesOf(outage),
    began: outage.began,
  };
}

/** The catalogue's advice is what holds for this plugin; the official one stops by itself, so waiting is no advice there. */
function adviseFor(outage: Outage, cause: OutageCause): OutageCause {
  if (outage.by === "whatsapp-continuity" || !outage.gaveUp) return cause;
  if (outage.endMs !== null) {
    return { ...cause, action: "It came back only because it was started again" };
  }
  return {
    ...cause,
    action: `It no longer tries. When the reason is gone, start it again: openclaw gateway call channels.start --params '{"channel":"whatsapp","accountId":"${outage.account}"}'`,
  };
}

function notesOf(outage: Outage): readonly string[] {
  const notes: string[] = [];
  if (outage.stallMs > 0) {
    notes.push(
      `The gateway process did not run for ${describeDuration(outage.stallMs)} around the beginning, so answers of the server were missed.`,
    );
  }
  if (outage.gaveUp && outage.by === "official-plugin") {
    const when =
      outage.attempts === 0 ? "at once" : `after ${describeCount(outage.attempts, "attempt")}`;
    notes.push(
      `The official plugin gave up ${when}: it would not have come back without a restart.`,
    );
  }
  if (outage.gaveUp && outage.by === "whatsapp-continuity") {
    notes.push("It stopped trying on purpose, because trying again cannot help.");
  }
  return notes;
}

const PATTERN_MIN = 4;
const PATTERN_TOLERANCE = 0.15;

/** Drops at a regular interval have a common reason: an idle timer, a watchdog, a lease (#63410, #62258, #34155). */
function patternsOf(outages: readonly Outage[]): readonly string[] {
  const starts = outages.map((outage) => outage.startMs);
  const intervals = starts.slice(1).map((start, index) => start - (starts[index] ?? start));
  if (intervals.length < PATTERN_MIN) return [];
  const median = intervals.toSorted((a, b) => a - b)[Math.floor(intervals.length / 2)] ?? 0;
  const regular = intervals.filter(
    (interval) => Math.abs(interval - median) <= median * PATTERN_TOLERANCE,
  );
  if (median <= 0 || regular.length < Math.max(PATTERN_MIN, intervals.length * 0.6)) return [];
  return [
    `The drops come every ${describeDuration(Math.round(median / 1_000) * 1_000)} (${regular.length} of ${intervals.length} intervals): something ends the connection by the clock, not by chance.`,
  ];
}
